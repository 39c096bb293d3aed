/**
 * Numbers with their unit in the type: dollars are not dollars per hour, and a price per GPU is not the price of a
 * deployment. Plain arithmetic on them gives a plain number; these functions say what it is.
 */
declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

export type Usd = Unit<'USD'>;
/** Of one GPU. */
export type UsdPerGpuHour = Unit<'USD/GPU-hour'>;
/** Of everything that serves: all GPUs of a deployment. */
export type UsdPerHour = Unit<'USD/hour'>;
export type UsdPerMonth = Unit<'USD/month'>;
/** USD per million tokens. */
export type UsdPerMtok = Unit<'USD/Mtok'>;
export type UsdPerKilowattHour = Unit<'USD/kWh'>;
export type Tokens = Unit<'tokens'>;
export type TokensPerSecond = Unit<'tokens/s'>;
export type RequestsPerSecond = Unit<'requests/s'>;
export type Seconds = Unit<'s'>;
export type Hours = Unit<'h'>;
/** Seconds of a whole deployment that is busy with one thing. */
export type GpuSeconds = Unit<'GPU-s'>;
export type Joules = Unit<'J'>;
export type Bytes = Unit<'bytes'>;
/** A share of one: 0.4 is 40 %. */
export type Share = Unit<'1'>;

export const usd = (value: number) => value as Usd;
export const usdPerGpuHour = (value: number) => value as UsdPerGpuHour;
export const usdPerHour = (value: number) => value as UsdPerHour;
export const usdPerMonth = (value: number) => value as UsdPerMonth;
export const usdPerMtok = (value: number) => value as UsdPerMtok;
export const usdPerKilowattHour = (value: number) => value as UsdPerKilowattHour;
export const tokens = (value: number) => value as Tokens;
export const tokensPerSecond = (value: number) => value as TokensPerSecond;
export const requestsPerSecond = (value: number) => value as RequestsPerSecond;
export const seconds = (value: number) => value as Seconds;
export const hours = (value: number) => value as Hours;
export const gpuSeconds = (value: number) => value as GpuSeconds;
export const joules = (value: number) => value as Joules;
export const bytes = (value: number) => value as Bytes;
export const share = (value: number) => value as Share;

export const SECONDS_PER_HOUR = 3600;
/** 8760 / 12: the convention of cloud bills. A result by another one says so. */
export const HOURS_PER_MONTH = 730;
export const HOURS_PER_YEAR = 8760;
export const TOKENS_PER_MTOK = 1e6;
export const JOULES_PER_KILOWATT_HOUR = 3.6e6;
