export {
  currentStep,
  phaseOf,
  type DeadlineMs,
  type Judge,
  type Saga,
  type Step,
  type StepState,
} from './domain/saga.js';
export {
  OPERATION_KINDS,
  type NewOperation,
  type Operation,
  type OperationDefinition,
  type OperationKind,
} from './operation.js';
export { OperationErrors } from './operations.errors.js';
export { operationJson } from './operations.json.js';
export { OperationsModule } from './operations.module.js';
export { OperationDto, OperationStepDto } from './operations.responses.js';
export { Operations } from './operations.service.js';
