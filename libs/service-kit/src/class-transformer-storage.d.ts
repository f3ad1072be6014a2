// class-transformer publishes its metadata storage without types; only what http/dto-schemas.ts reads is declared.
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: { findTypeMetadata(target: object, property: string): unknown };
}
