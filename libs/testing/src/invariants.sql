-- What must hold in every database at any moment, whatever was killed, repeated or raced.
-- Each query returns the rows that break it. It runs in databases that have all its tables; columns that only one plane
-- has are told apart by a table of that plane. Add yours at the end, in the same form.

-- invariant: an outbox row is sent or waits, and is never sent before it was written
-- tables: outbox
SELECT id, topic, key FROM outbox WHERE published_at < created_at OR topic = '' OR key = '';

-- invariant: the present license of a deployment is the highest that was ever signed
-- tables: license, license_head
SELECT h.deployment_id, h.version, max(l.version) AS highest
FROM license_head h LEFT JOIN license l USING (deployment_id)
GROUP BY h.deployment_id, h.version HAVING max(l.version) IS DISTINCT FROM h.version;

-- invariant: license versions rise by one from one
-- tables: license, license_head
SELECT deployment_id, count(*) AS versions, max(version) AS highest
FROM license GROUP BY deployment_id HAVING count(*) <> max(version) OR min(version) <> 1;

-- invariant: a later license version was not signed earlier
-- tables: license, license_head
SELECT a.deployment_id, a.version FROM license a
JOIN license b ON b.deployment_id = a.deployment_id AND b.version = a.version + 1 AND b.issued_at < a.issued_at;

-- invariant: no home enforces a license that was never signed
-- tables: license, license_applied
SELECT a.deployment_id, a.license_version FROM license_applied a
LEFT JOIN license l ON l.deployment_id = a.deployment_id AND l.version = a.license_version
WHERE l.version IS NULL;

-- invariant: a closed window's total is its highest revision in the history
-- tables: usage_window, tenant_usage_metric
SELECT w.deployment_id, w.meter, w.window_start, w.quantity FROM usage_window w
LEFT JOIN LATERAL (
  SELECT m.quantity, m.revision FROM tenant_usage_metric m
  WHERE (m.deployment_id, m.meter, m.window_start, m.home_id, m.incarnation)
      = (w.deployment_id, w.meter, w.window_start, w.home_id, w.incarnation)
  ORDER BY m.revision DESC LIMIT 1) m ON true
WHERE w.closed AND (m.quantity IS DISTINCT FROM w.quantity OR m.revision IS DISTINCT FROM w.revision);

-- invariant: a complete hour holds as many windows as its home said, counted or in quarantine
-- tables: usage_window, home_close, usage_quarantine
SELECT c.home_id, c.hour, c.windows, held.windows AS held FROM home_close c CROSS JOIN LATERAL (
  SELECT count(*) AS windows FROM (
    SELECT deployment_id, meter, window_start FROM usage_window
     WHERE (home_id, incarnation, hour) = (c.home_id, c.incarnation, c.hour)
    UNION
    SELECT (record->>'deploymentId')::uuid, record->>'meter', (record->>'windowStart')::timestamptz FROM usage_quarantine
     WHERE record_type = 'UsageWindow' AND region = c.region AND record->>'homeId' = c.home_id::text
       AND (record->>'incarnation')::bigint = c.incarnation
       AND date_trunc('hour', (record->>'windowStart')::timestamptz, 'UTC') = c.hour
  ) AS w
) AS held WHERE c.complete AND held.windows <> c.windows;

-- invariant: invoice numbers are gapless
-- tables: invoice, invoice_series
SELECT s.issuer, s.year, s.last_number, count(i.id) AS invoices FROM invoice_series s
LEFT JOIN invoice i ON i.issuer = s.issuer AND i.year = s.year
GROUP BY s.issuer, s.year, s.last_number
HAVING count(i.id) <> s.last_number OR coalesce(max(i.sequence), 0) <> s.last_number;

-- invariant: an invoice has as many lines as it says
-- tables: invoice, invoice_line
SELECT i.id, i.line_count, count(l.position) AS lines FROM invoice i
LEFT JOIN invoice_line l ON l.invoice_id = i.id
GROUP BY i.id, i.line_count HAVING count(l.position) <> i.line_count;

-- invariant: a tenant has one cycle invoice for a period
-- tables: invoice
SELECT tenant_id, period, count(*) AS invoices FROM invoice
WHERE kind = 'cycle' AND status <> 'void' GROUP BY tenant_id, period HAVING count(*) > 1;

-- invariant: the sum of a window is the sum of its accepted events
-- tables: usage_window, usage_event
SELECT w.deployment_id, w.meter, w.window_start, w.quantity, sum(e.quantity) AS accepted
FROM usage_window w JOIN usage_event e
  ON (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start)
WHERE w.aggregation = 'sum'
GROUP BY w.deployment_id, w.meter, w.window_start, w.quantity HAVING sum(e.quantity) > w.quantity;

-- invariant: every accepted event is in a window
-- tables: usage_window, usage_event
SELECT e.id, e.deployment_id, e.meter FROM usage_event e
LEFT JOIN usage_window w
  ON (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start)
WHERE w.deployment_id IS NULL;

-- invariant: an event is accepted once
-- tables: usage_event, usage_event_key
SELECT deployment_id, source, event_id, count(*) AS times FROM usage_event
GROUP BY deployment_id, source, event_id HAVING count(*) > 1;

-- invariant: no window claims to have sent a revision that it does not have
-- tables: usage_window, home_state
SELECT deployment_id, meter, window_start, revision, sent_revision FROM usage_window WHERE sent_revision > revision;

-- invariant: an invoice comes to the sum of its lines, and its subtotal to that of the lines before tax
-- tables: invoice, invoice_line
SELECT i.number, i.subtotal_minor::text, i.total_minor::text, sum(l.amount_minor)::text AS lines FROM invoice i
JOIN invoice_line l ON l.invoice_id = i.id
GROUP BY i.id HAVING sum(l.amount_minor) <> i.total_minor
  OR coalesce(sum(l.amount_minor) FILTER (WHERE l.kind <> 'tax'), 0) <> i.subtotal_minor;

-- invariant: an invoice was issued by somebody, once
-- tables: invoice, audit_entry
SELECT i.number, count(a.id) AS entries FROM invoice i
LEFT JOIN audit_entry a ON a.action = 'invoice.issued' AND a.object_type = 'invoice' AND a.object_id = i.id::text
GROUP BY i.id HAVING count(a.id) <> 1;

-- invariant: a tenant comes with a deployment, each with its subscription, license and operation, or not at all; one that waits for its plan has none of them
-- tables: tenant, deployment, subscription, license_head, operation
SELECT t.slug, d.id AS deployment, s.id AS subscription, h.version::text AS license, o.id AS operation FROM tenant t
LEFT JOIN deployment d ON d.tenant_id = t.id
LEFT JOIN subscription s ON s.deployment_id = d.id
LEFT JOIN license_head h ON h.deployment_id = d.id
LEFT JOIN operation o ON o.deployment_id = d.id AND o.kind = 'provision'
WHERE d.id IS NULL OR num_nonnulls(s.id, h.version, o.id) <> CASE d.phase WHEN 'recorded' THEN 0 ELSE 3 END;

-- invariant: nothing is ready that its home did not report ready
-- tables: deployment, license_applied
SELECT d.id, d.phase FROM deployment d
WHERE d.phase = 'ready' AND NOT EXISTS (
  SELECT 1 FROM license_applied a WHERE a.deployment_id = d.id AND a.database_state IN ('ready', 'dropped'));

-- invariant: usage names the license version under which it was allowed, one that was signed
-- tables: usage_window, tenant_usage_metric, license
SELECT w.deployment_id, w.meter, w.window_start, w.license_version FROM usage_window w
LEFT JOIN license l ON l.deployment_id = w.deployment_id AND l.version = w.license_version
WHERE w.license_version IS NOT NULL AND l.version IS NULL;

-- invariant: a closed hour holds as many windows as its home says, all of them closed
-- tables: usage_window, hour_close
SELECT c.hour, c.windows, count(w.meter) AS held, count(w.meter) FILTER (WHERE NOT w.closed) AS open FROM hour_close c
LEFT JOIN usage_window w ON w.hour = c.hour
GROUP BY c.hour, c.windows HAVING count(w.meter) <> c.windows OR bool_or(NOT w.closed);

-- invariant: hours are closed without a gap
-- tables: hour_close, home_state
SELECT hour FROM home_state s,
  generate_series(s.first_hour, s.closed_through - interval '1 hour', interval '1 hour') AS hour
EXCEPT SELECT hour FROM hour_close;

-- invariant: a ready database has its schema, and is not older than its intent
-- tables: tenant_database
SELECT deployment_id, state, ready_at, schema_version FROM tenant_database
WHERE state = 'ready' AND (ready_at IS NULL OR schema_version IS NULL) OR ready_at < intent_at;

-- invariant: the counter of a limit holds what its slices and reservations hold, and lost what slices lost
-- tables: limit_counter, limit_slice, limit_hold, limit_reservation
SELECT c.deployment_id, c.meter, c.limit_window, c.window_start, c.held, c.lost, s.open, s.expired, r.reserved
FROM limit_counter c
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount - spent) FILTER (WHERE state = 'open'), 0) AS open,
         coalesce(sum(amount - spent) FILTER (WHERE state = 'expired'), 0) AS expired
  FROM limit_slice WHERE (deployment_id, meter, limit_window, window_start)
    = (c.deployment_id, c.meter, c.limit_window, c.window_start)) s
CROSS JOIN LATERAL (
  SELECT coalesce(sum(quantity), 0) AS reserved FROM limit_hold h JOIN limit_reservation r ON r.id = h.reservation_id
  WHERE r.state = 'held' AND (h.deployment_id, h.meter, h.limit_window, h.window_start)
    = (c.deployment_id, c.meter, c.limit_window, c.window_start)) r
WHERE c.held <> s.open + r.reserved OR c.lost <> s.expired;

-- invariant: a ticket that was let in has a reservation, and no other has
-- tables: limit_ticket, limit_reservation
SELECT t.id, t.state FROM limit_ticket t LEFT JOIN limit_reservation r ON r.id = t.reservation_id
WHERE (t.state = 'admitted') <> (r.id IS NOT NULL);

-- invariant: credit note numbers are gapless
-- tables: credit_note, credit_note_series
SELECT s.issuer, s.year, s.last_number, count(n.id) AS notes FROM credit_note_series s
LEFT JOIN credit_note n ON n.issuer = s.issuer AND n.year = s.year
GROUP BY s.issuer, s.year, s.last_number
HAVING count(n.id) <> s.last_number OR coalesce(max(n.sequence), 0) <> s.last_number;

-- invariant: what was credited, paid, used of the balance and is open comes to the total of an invoice
-- tables: invoice, invoice_payment, credit_note
SELECT i.number, i.total_minor::text, i.open_minor::text, p.applied::text AS paid, n.applied::text AS lowered, n.total::text AS credited
FROM invoice i
CROSS JOIN LATERAL (SELECT coalesce(sum(applied_minor), 0) AS applied FROM invoice_payment WHERE invoice_id = i.id) p
CROSS JOIN LATERAL (SELECT coalesce(sum(applied_minor), 0) AS applied, coalesce(sum(total_minor), 0) AS total
  FROM credit_note WHERE invoice_id = i.id) n
WHERE i.paid_minor <> p.applied OR i.credited_minor <> n.total
  OR (i.status = 'void' AND (p.applied <> 0 OR n.total <> 0))
  OR (i.status <> 'void' AND greatest(i.total_minor, 0) <> i.credit_applied_minor + p.applied + n.applied + i.open_minor);

-- invariant: a credit note comes to the sum of its lines, and no line of an invoice is credited beyond itself
-- tables: credit_note, credit_note_line, invoice_line
SELECT n.number, n.total_minor::text, sum(c.amount_minor)::text AS lines, bool_or(l.beyond) AS beyond FROM credit_note n
JOIN credit_note_line c ON c.credit_note_id = n.id
CROSS JOIN LATERAL (
  SELECT sum(a.amount_minor) * sign(i.amount_minor) NOT BETWEEN 0 AND abs(i.amount_minor) AS beyond
  FROM invoice_line i JOIN credit_note_line a ON a.invoice_id = i.invoice_id AND a.invoice_position = i.position
  WHERE i.invoice_id = c.invoice_id AND i.position = c.invoice_position GROUP BY i.amount_minor) l
GROUP BY n.id HAVING sum(c.amount_minor) <> n.total_minor OR bool_or(l.beyond);

-- invariant: a tenant's balance is the sum of its entries, each of which says what it came to, and is never below zero
-- tables: tenant_balance, tenant_balance_entry
SELECT b.tenant_id, b.currency, b.balance_minor::text, e.total::text, e.entries FROM tenant_balance b
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount_minor), 0) AS total, count(*) AS entries, coalesce(bool_or(balance_minor <> running), false) AS wrong
  FROM (SELECT amount_minor, balance_minor, sum(amount_minor) OVER (ORDER BY sequence) AS running FROM tenant_balance_entry
    WHERE (tenant_id, currency) = (b.tenant_id, b.currency)) of_tenant) e
WHERE b.balance_minor <> e.total OR b.entries <> e.entries OR b.balance_minor < 0 OR e.wrong;

-- invariant: what moves a balance stands on a document or a payment, and moves it once and by as much
-- tables: tenant_balance_entry, invoice, invoice_payment, credit_note
SELECT cause, source_id, sum(should)::text AS should, sum(moved)::text AS moved FROM (
  SELECT 'applied' AS cause, id AS source_id, -credit_applied_minor AS should, 0 AS moved FROM invoice
  UNION ALL SELECT 'returned', id, credit_applied_minor, 0 FROM invoice WHERE status = 'void'
  UNION ALL SELECT 'negative_total', id, greatest(-total_minor, 0), 0 FROM invoice WHERE status <> 'void'
  UNION ALL SELECT 'overpayment', id, excess_minor, 0 FROM invoice_payment
  UNION ALL SELECT 'credit_note', id, balance_minor, 0 FROM credit_note
  UNION ALL SELECT cause, source_id, 0, amount_minor FROM tenant_balance_entry) movements
GROUP BY cause, source_id HAVING sum(should) <> sum(moved);

-- invariant: an invoice that replaces another and the void one that it replaces name each other
-- tables: invoice
SELECT i.number, i.status, i.replaced_by_id, s.id AS successor FROM invoice i
LEFT JOIN invoice s ON s.replaces_id = i.id
WHERE i.replaced_by_id IS DISTINCT FROM s.id OR (s.id IS NOT NULL AND (i.status <> 'void' OR s.tenant_id <> i.tenant_id OR s.period <> i.period));

-- invariant: a credit note was issued by somebody, once
-- tables: credit_note, audit_entry
SELECT n.number, count(a.id) AS entries FROM credit_note n
LEFT JOIN audit_entry a ON a.action = 'credit_note.issued' AND a.object_type = 'credit_note' AND a.object_id = n.id::text
GROUP BY n.id HAVING count(a.id) <> 1;

-- invariant: versions of billing settings rise by one from one, and the head is the newest
-- tables: tenant_billing, billing_settings_version
SELECT b.tenant_id, b.version, count(v.version) AS versions, max(v.version) AS newest FROM tenant_billing b
LEFT JOIN billing_settings_version v ON v.tenant_id = b.tenant_id
GROUP BY b.tenant_id, b.version HAVING count(v.version) <> b.version OR max(v.version) <> b.version;

-- invariant: a reminder that was sent has its paper, and its mail, as long as that is kept, is its own
-- tables: invoice_reminder, invoice_pdf, mail
SELECT r.invoice_id, r.level, p.sha256 IS NULL AS without_paper, m.key FROM invoice_reminder r
LEFT JOIN invoice_pdf p ON p.document_id = r.invoice_id AND p.kind = 'reminder_' || r.level AND p.sha256 = r.pdf_sha256
LEFT JOIN mail m ON m.id = r.mail_id
WHERE r.state = 'sent' AND (p.sha256 IS NULL OR m.key <> 'reminder:' || r.invoice_id || ':' || r.level);

-- invariant: what members owe sums to zero with what the tenant has, in each currency
-- tables: posting
SELECT currency, sum(amount_minor)::text AS sum FROM posting GROUP BY currency HAVING sum(amount_minor) <> 0;

-- invariant: an entry has two postings of one currency that sum to zero, one of them on the account that it names
-- tables: journal_entry, posting
SELECT e.id FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id GROUP BY e.id, e.account_id
HAVING count(*) <> 2 OR sum(p.amount_minor) <> 0 OR count(DISTINCT p.currency) <> 1
    OR count(*) FILTER (WHERE p.account_id = e.account_id) <> 1;

-- invariant: the entries of an account are in the order of their instants, none after what it is booked through
-- tables: journal_entry, ledger_account
SELECT e.id FROM (
  SELECT id, account_id, booked_at, lag(booked_at) OVER (PARTITION BY account_id ORDER BY number) AS before FROM journal_entry
) e JOIN ledger_account a ON a.id = e.account_id
WHERE e.booked_at < e.before OR e.booked_at > a.booked_through;

-- invariant: a charged period has one charge of its amount, made under a license version
-- tables: item_period, account_item, journal_entry, posting
SELECT d.id FROM item_period d JOIN account_item i ON i.id = d.item_id LEFT JOIN journal_entry e ON e.id = d.entry_id
  LEFT JOIN posting p ON p.entry_id = e.id AND p.account_id = i.account_id
WHERE d.state = 'charged' AND d.amount_minor <> 0
  AND (e.kind IS DISTINCT FROM 'charge' OR p.amount_minor IS DISTINCT FROM d.amount_minor OR e.license_version IS NULL);

-- invariant: a charge of a run is that of a period
-- tables: item_period, journal_entry
SELECT e.id FROM journal_entry e
WHERE e.actor = 'job:automated-billing' AND NOT EXISTS (SELECT 1 FROM item_period d WHERE d.entry_id = e.id);

-- invariant: the decided periods of an item follow each other from its start to where it is due next
-- tables: item_period, account_item
SELECT d.id FROM (
  SELECT id, item_id, period_from, period_to, lag(period_to) OVER turns AS before, lead(period_from) OVER turns AS after
    FROM item_period WINDOW turns AS (PARTITION BY item_id ORDER BY period_from)
) d JOIN account_item i ON i.id = d.item_id
WHERE d.period_from <> coalesce(d.before, i.starts_at)
   OR (d.after IS NULL AND (d.period_to <> i.next_due_at OR (i.next_due_at IS NULL AND d.period_to < i.ends_at)));

-- invariant: a billing run counted what it decided
-- tables: billing_run, item_period
SELECT r.id FROM billing_run r LEFT JOIN item_period d ON d.run_id = r.id WHERE r.kind = 'billing' GROUP BY r.id
HAVING r.done <> count(d.id) FILTER (WHERE d.reason IS NULL) OR r.skipped <> count(d.id) FILTER (WHERE d.reason IS NOT NULL);

-- invariant: a statement run counted whom it told and whom it skipped
-- tables: billing_run, statement, skipped_statement
SELECT r.id FROM billing_run r WHERE r.kind = 'statements'
   AND (r.done <> (SELECT count(*) FROM statement WHERE run_id = r.id)
     OR r.skipped <> (SELECT count(*) FROM skipped_statement WHERE run_id = r.id));

-- invariant: a statement goes on where the one before it ended, and tells what the ledger has
-- tables: statement, journal_entry, posting
SELECT s.id FROM (
  SELECT *, lag(period_to) OVER turns AS before, lag(closing_minor) OVER turns AS said FROM statement
  WINDOW turns AS (PARTITION BY account_id ORDER BY period_from)
) s CROSS JOIN LATERAL (
  SELECT coalesce(sum(p.amount_minor) FILTER (WHERE e.booked_at < s.period_from), 0) AS opening,
         coalesce(sum(p.amount_minor), 0) AS closing, count(*) FILTER (WHERE e.booked_at >= s.period_from) AS entries
    FROM journal_entry e JOIN posting p ON p.entry_id = e.id AND p.account_id = e.account_id
   WHERE e.account_id = s.account_id AND e.booked_at < s.period_to
) l
WHERE s.period_from <> coalesce(s.before, s.period_from) OR s.opening_minor <> coalesce(s.said, 0)
   OR (s.opening_minor, s.closing_minor, s.entries) IS DISTINCT FROM (l.opening, l.closing, l.entries);
