export { Meters, RequireModule, Ungated } from './nest/gate.decorators.js';
export { GateErrors } from './nest/gate.errors.js';
export { GateGuard } from './nest/gate.guard.js';
export { GATE, METERS, type Gate } from './nest/gate.metadata.js';
export { GATE_PORTS, type GatePorts } from './nest/gate.ports.js';
export { LICENSE_GATE, LicenseGateModule, type LicenseGateModuleOptions } from './nest/license-gate.module.js';
export { type RequestPorts } from './nest/service-gate-ports.js';
export { RefusalFilter } from './nest/refusal.filter.js';
export { refusalOf, warningHeader } from './nest/refusal.js';
