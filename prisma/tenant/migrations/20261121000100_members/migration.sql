-- Members and their invites: the bootstrapped admin is the first.
CREATE TABLE "member" (
    "id" UUID NOT NULL,
    "role" VARCHAR(16) NOT NULL,
    "state" VARCHAR(16) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "member_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "member_role_known" CHECK ("role" IN ('admin', 'staff', 'member')),
    CONSTRAINT "member_state_known" CHECK ("state" IN ('invited', 'active', 'disabled'))
);

CREATE TABLE "member_invite" (
    "token_hash" CHAR(64) NOT NULL,
    "member_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),

    CONSTRAINT "member_invite_pkey" PRIMARY KEY ("token_hash"),
    CONSTRAINT "member_invite_member_id_fkey" FOREIGN KEY ("member_id") REFERENCES "member" ("id") ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE INDEX "member_invite_member_id" ON "member_invite" ("member_id");
