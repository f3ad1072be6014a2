/** A month in a query or a body. 9999-12 ends in a year of five digits, which PostgreSQL does not read. */
export const MONTH = /^(?!9999-12)[1-9]\d{3}-(?:0[1-9]|1[0-2])$/;
export const MONTH_MESSAGE = '$property must be a month such as 2026-04';
