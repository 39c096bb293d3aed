/** The adapter or processor that computes, as it goes into a record. */
export interface DeviceInfo {
  name: string;
  vendor: string;
  kind: 'gpu' | 'cpu' | 'software';
  /** Features, limits and versions worth keeping in a record. */
  details: Record<string, string | number | boolean>;
}
