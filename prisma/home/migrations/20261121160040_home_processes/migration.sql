-- Which processes of a home of its own run: the last one that ends closes the running hour when the home is put to sleep.
CREATE TABLE "home_process" (
    "process_id" UUID NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "home_process_pkey" PRIMARY KEY ("process_id")
);
