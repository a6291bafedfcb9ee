UPDATE cost_anomalies
SET story_cost_millicents = %(cost)s,
    reference_avg_millicents = %(average)s,
    deviation_factor = %(factor)s,
    updated_at = %(now)s
WHERE id = %(id)s
