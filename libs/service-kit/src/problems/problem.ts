export { PROBLEM_MEDIA_TYPE, problemOf, problemType, type Problem } from '@biplane/kernel';
