-- AlterTable
ALTER TABLE "dedicated_home" ADD COLUMN     "observed_settings" CHAR(64);
