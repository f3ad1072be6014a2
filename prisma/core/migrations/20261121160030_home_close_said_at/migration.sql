-- When the home said it, by its Clock. Null: said before this was written down, always after the end of the hour.
ALTER TABLE "home_close" ADD COLUMN "closed_at" TIMESTAMPTZ(3);
