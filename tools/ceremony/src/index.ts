export {
  createKey,
  createRoot,
  publicPartOf,
  type KeyTerms,
  type Root,
  type RootPublic,
  type SigningKeyFile,
} from './ceremony.js';
export { writeNewFile } from './files.js';
