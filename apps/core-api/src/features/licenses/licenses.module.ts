import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AppliedConsumer } from './applied.consumer.js';
import { AppliedService } from './applied.service.js';
import { AppliedStore } from './applied.store.js';
import { InstancesStore } from './instances.store.js';
import { JwksController, LicenseController } from './license.controller.js';
import { KeyRotationJobs } from './key-rotation.jobs.js';
import { KeyRotations } from './key-rotation.service.js';
import { KeyRotationsStore } from './key-rotations.store.js';
import { EnforcedLicenses } from './enforced-licenses.js';
import { LicenseEnds } from './license-ends.js';
import { LicenseInputs } from './license-inputs.js';
import { LicenseJobs } from './license.jobs.js';
import { LicenseMetrics } from './license-metrics.js';
import { LicenseService } from './license.service.js';
import { LicenseView } from './license-view.js';
import { LicensesStore } from './licenses.store.js';
import { MoveInbox } from './move-inbox.js';
import { PlacementSource } from './placement-source.js';
import { PresentLicenses } from './present-licenses.js';
import { Signers } from './signers/signers.js';
import { SigningKeysController } from './signing-keys.controller.js';
import { SigningKeys } from './signing-keys.service.js';
import { SigningKeysStore } from './signing-keys.store.js';

@Module({
  imports: [CatalogModule, DeploymentsModule, HomesModule, RegionsModule, SubscriptionsModule, TenantsModule],
  controllers: [SigningKeysController, LicenseController, JwksController, AppliedConsumer],
  providers: [
    LicenseService, EnforcedLicenses, LicenseEnds, LicenseInputs, LicenseView, LicenseJobs, LicenseMetrics, LicensesStore,
    AppliedService, AppliedStore, InstancesStore, SigningKeys, SigningKeysStore, Signers,
    KeyRotations, KeyRotationsStore, KeyRotationJobs, PresentLicenses, MoveInbox, PlacementSource,
  ], // prettier-ignore
  exports: [LicenseService, EnforcedLicenses, LicenseEnds, AppliedService, MoveInbox, PlacementSource, PresentLicenses],
})
export class LicensesModule {}
