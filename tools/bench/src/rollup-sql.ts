/** The plan of the scene, priced by PostgreSQL itself: all bills of a month computed and stored by one statement. */
export const ONE_STATEMENT = `
  WITH used AS (
    SELECT d.tenant_id, w.deployment_id, w.meter, sum(w.quantity) AS quantity
      FROM usage_window w JOIN deployment d ON d.id = w.deployment_id
     WHERE w.window_start >= $1::timestamptz AND w.window_start < $2::timestamptz
     GROUP BY 1, 2, 3
  ), rated AS (
    SELECT tenant_id, deployment_id, meter, array_position($6::text[], meter) + 1 AS place, r.quantity, r.amount
      FROM used CROSS JOIN LATERAL (
        SELECT greatest(0, used.quantity - CASE meter WHEN 'droplet_hours' THEN 100 WHEN 'egress_gb' THEN 50 WHEN 'builds' THEN 10 ELSE 0 END)
      ) AS o(over) CROSS JOIN LATERAL (
        SELECT o.over AS quantity, CASE meter
          WHEN 'droplet_hours' THEN round(o.over * 0.01, 2)
          WHEN 'requests' THEN round(o.over * 0.0035, 2)
          WHEN 'egress_gb' THEN round(o.over * 0.12, 2)
          WHEN 'builds' THEN round(o.over * 0.333333, 2)
          WHEN 'mails' THEN ceil(o.over / 1000) * 2.00
          ELSE round(least(o.over, 100) * 0.10, 2) + round(greatest(least(o.over, 1000) - 100, 0) * 0.08, 2)
               + round(greatest(o.over - 1000, 0) * 0.05, 2) END AS amount
      ) AS r WHERE r.quantity > 0 OR r.amount > 0
  ), charged AS (
    SELECT tenant_id, deployment_id, 'overage' AS kind, meter AS resource, place, quantity, (amount * 100)::bigint AS minor FROM rated
    UNION ALL
    SELECT s.tenant_id, s.deployment_id, 'plan_base', s.plan_code, 1, 1, 5000 FROM subscription s
  ), subtotals AS (
    SELECT tenant_id, sum(minor)::bigint AS subtotal FROM charged GROUP BY tenant_id
  ), lines AS (
    SELECT * FROM charged
    UNION ALL
    SELECT tenant_id, NULL, 'tax', 'GST', 99, 1, round(subtotal * 0.10)::bigint FROM subtotals
  ), heads AS (
    SELECT gen_random_uuid() AS id, l.tenant_id, count(*)::int AS line_count, sum(minor)::bigint AS total,
           sum(minor) FILTER (WHERE kind <> 'tax')::bigint AS subtotal,
           json_agg(json_build_object('id', l.deployment_id || '/' || l.resource, 'kind', kind, 'deployment', deployment_id,
             'resourceKind', resource, 'description', resource || ' of the month', 'quantity', quantity::text, 'unitPrice', NULL,
             'amount', json_build_object('amount', (minor / 100.0)::numeric(20, 2)::text, 'currency', 'USD'),
             'period', json_build_object('from', $1::timestamptz, 'to', $2::timestamptz),
             'explanation', json_build_array(json_build_object('text', quantity || ' used', 'quantity', quantity::text, 'amount',
               json_build_object('amount', (minor / 100.0)::numeric(20, 2)::text, 'currency', 'USD')))) ORDER BY place) AS shown
      FROM lines l GROUP BY l.tenant_id
  ), numbered AS (
    SELECT h.*, row_number() OVER (ORDER BY h.tenant_id)::int + $5::int AS sequence FROM heads h
  ), documents AS (
    SELECT n.*, 'INV-' || $4::int || '-' || lpad(sequence::text, 6, '0') AS number, json_build_object('id', n.id, 'kind', 'cycle',
        'lines', shown, 'subtotal', subtotal, 'total', total, 'currency', 'USD', 'billedMonth', $3::text, 'issuedAt', $7::timestamptz,
        'issuer', json_build_object('code', 'BP', 'name', 'Biplane', 'address', json_build_array('1 Runway Road'), 'timeZone', 'UTC'),
        'buyer', json_build_object('tenantId', n.tenant_id, 'name', t.name, 'country', b.country, 'locale', b.locale))::text AS content
      FROM numbered n JOIN tenant t ON t.id = n.tenant_id JOIN tenant_billing b ON b.tenant_id = n.tenant_id
  ), issued AS (
    INSERT INTO invoice (id, tenant_id, period, period_from, period_to, kind, status, issuer, year, sequence, number, currency,
        subtotal_minor, total_minor, line_count, provisional, content, content_hash, issued_at, due_at)
    SELECT id, tenant_id, $3, $1::timestamptz, $2::timestamptz, 'cycle', 'issued', 'BP', $4::int, sequence, number, 'USD',
           subtotal, total, line_count, false, content, encode(sha256(convert_to(content, 'UTF8')), 'hex'), $7::timestamptz,
           $7::timestamptz + interval '14 days'
      FROM documents ORDER BY sequence
  ), listed AS (
    INSERT INTO invoice_line (invoice_id, position, line_id, kind, deployment_id, resource_kind, quantity, amount_minor, period_from, period_to)
    SELECT h.id, row_number() OVER (PARTITION BY h.id ORDER BY l.place)::int - 1, coalesce(l.deployment_id::text, 'bill') || '/' || l.resource,
           l.kind, l.deployment_id, l.resource, l.quantity, l.minor, $1::timestamptz, $2::timestamptz
      FROM lines l JOIN heads h ON h.tenant_id = l.tenant_id
  ), audited AS (
    INSERT INTO audit_entry (at, actor, action, object_type, object_id, tenant_id, after)
    SELECT $7::timestamptz, 'bench', 'invoice.issued', 'invoice', id, tenant_id,
           jsonb_build_object('number', number, 'period', $3::text, 'total', total) FROM documents
  ), told AS (
    INSERT INTO outbox (topic, key, headers, value, compacted, created_at)
    SELECT 'subscription.events', tenant_id, jsonb_build_object('ce_id', gen_random_uuid(), 'ce_type', 'invoice.issued',
             'ce_source', 'core-api', 'ce_subject', id, 'ce_specversion', '1.0'),
           json_build_object('tenantId', tenant_id, 'invoiceId', id, 'number', number, 'period', $3::text, 'total', total)::text,
           false, $7::timestamptz FROM documents
  ), accounts AS (
    INSERT INTO invoice_account (tenant_id, revision) SELECT tenant_id, 1 FROM documents ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET revision = invoice_account.revision + 1
  )
  UPDATE invoice_series SET last_number = last_number + (SELECT count(*) FROM numbered) WHERE issuer = 'BP' AND year = $4::int`;

/** Every amount of every line of a month, of all tenants, as one text: two databases that agree have the same. */
export const FINGERPRINT = `
  SELECT count(DISTINCT i.id)::int AS invoices, count(*)::int AS lines,
         md5(string_agg(i.tenant_id || ' ' || i.total_minor || ' ' || l.kind || ' ' || l.resource_kind || ' ' || trim_scale(l.quantity)
           || ' ' || l.amount_minor, '|' ORDER BY i.tenant_id, l.kind, l.resource_kind)) AS digest
    FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id WHERE i.period = $1 AND i.status <> 'void' AND i.tenant_id = ANY
      (SELECT id FROM tenant WHERE slug LIKE 'many-%')`;
