-- What receivers of an event learn about these new anomalies of one tenant, with the story's project.
SELECT
    story.project_id,
    jsonb_build_object(
        'anomaly_id', anomaly.id,
        'story_id', anomaly.story_id,
        'story_title', story.title,
        'agent_id', agent.id,
        'agent_name', agent.name,
        'anomaly_type', anomaly.anomaly_type,
        'story_cost_millicents', anomaly.story_cost_millicents,
        'reference_avg_millicents', anomaly.reference_avg_millicents,
        'deviation_factor', anomaly.deviation_factor::text
    ) AS payload
FROM cost_anomalies AS anomaly
LEFT JOIN stories AS story
    ON story.tenant_id = anomaly.tenant_id
    AND story.id = anomaly.story_id
LEFT JOIN agents AS agent
    ON agent.tenant_id = story.tenant_id
    AND agent.id = story.assigned_agent_id
WHERE anomaly.tenant_id = %(tenant_id)s
  AND anomaly.id = ANY(%(ids)s)
ORDER BY anomaly.id
