/** A mixture of experts; parameters of the whole model. */
export interface Experts {
  experts: number;
  /** Experts that a token goes through, in each layer. */
  activeExperts: number;
  totalParameters: number;
  /** Parameters that a token goes through; null where it was not given. */
  activeParameters: number | null;
}

/**
 * Share of the experts' weights that a decode step of `batch` sequences reads: 1 − (1 − 1/s)^batch with s = experts /
 * active experts, every token choosing as if by chance (Epoch AI's inference economics). A token computes with few
 * experts, but together the tokens of a batch touch nearly all.
 */
export function expertsReadShare(
  { experts, activeExperts }: Pick<Experts, 'experts' | 'activeExperts'>,
  batch: number,
): number {
  return 1 - (1 - activeExperts / experts) ** batch;
}

/**
 * Share of the parameters that lie in experts: total = shared + experts · e and active = shared + active experts · e
 * give e. All of them where the active parameters are not known.
 */
export function expertParameterShare({
  experts,
  activeExperts,
  totalParameters,
  activeParameters,
}: Experts): number {
  if (activeParameters === null || experts === activeExperts) return 1;
  const ofOneExpert = (totalParameters - activeParameters) / (experts - activeExperts);
  return (experts * ofOneExpert) / totalParameters;
}

/** Share of all weights that a decode step of `batch` sequences reads. */
export function weightsReadShare(model: Experts, batch: number): number {
  const inExperts = expertParameterShare(model);
  return 1 - inExperts + inExperts * expertsReadShare(model, batch);
}
