-- The training data of days_to_sell as days_to_sell.models.days_to_sell.training_data makes it, for DuckDB.
-- It reads views of the four sources; $snapshot stands for the day of the snapshot.
WITH ended AS (
    SELECT *,
        coalesce(removed_on, $snapshot) AS ended_on,
        removed_on IS NOT NULL AND coalesce(removal_reason, 'sold') = 'sold' AS was_sold
    FROM adverts
),
ordered AS (
    SELECT *,
        max(ended_on) OVER (
            PARTITION BY vehicle_id, seller_id ORDER BY listed_on, advert_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM ended
    WHERE vehicle_id IS NOT NULL
),
numbered AS (
    SELECT *,
        before IS NULL OR listed_on - before > 14 AS first,
        sum((before IS NULL OR listed_on - before > 14)::INTEGER) OVER (
            PARTITION BY vehicle_id, seller_id ORDER BY listed_on, advert_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS spell
    FROM ordered
),
chained AS (
    SELECT *,
        sum(greatest(ended_on - CASE WHEN first THEN listed_on ELSE greatest(listed_on, before) END, 0))
            OVER (PARTITION BY vehicle_id, seller_id, spell) AS days_listed,
        last_value(was_sold) OVER (
            PARTITION BY vehicle_id, seller_id, spell
            ORDER BY ended_on, removed_on IS NULL, listed_on, advert_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS sold
    FROM numbered
),
spells AS (
    SELECT * EXCLUDE (before, first, spell) FROM chained WHERE first
    UNION ALL BY NAME
    SELECT *, ended_on - listed_on AS days_listed, was_sold AS sold FROM ended WHERE vehicle_id IS NULL
),
banded AS (
    SELECT *,
        CASE
            WHEN mileage IS NULL THEN 'unknown'
            WHEN mileage < 10000 THEN '0-10k'
            WHEN mileage < 20000 THEN '10-20k'
            WHEN mileage < 30000 THEN '20-30k'
            WHEN mileage < 40000 THEN '30-40k'
            WHEN mileage < 60000 THEN '40-60k'
            WHEN mileage < 80000 THEN '60-80k'
            WHEN mileage < 100000 THEN '80-100k'
            ELSE '100k+'
        END AS mileage_band,
        year(registered_on) AS registration_year
    FROM spells
)
SELECT
    s.advert_id AS row_id,
    s.outcode,
    s.seller_id,
    s.seller_type,
    s.listed_on,
    s.price_gbp::DOUBLE AS price_gbp,
    s.mileage::DOUBLE AS mileage,
    s.registered_on,
    s.mileage_band,
    v.retail_gbp::DOUBLE AS valuation_gbp,
    t.make,
    t.model,
    t.derivative,
    t.fuel_type,
    t.transmission,
    t.body_type,
    t.engine_cc::DOUBLE AS engine_cc,
    t.power_ps::DOUBLE AS power_ps,
    g.postcode_area,
    g.region,
    g.country,
    g.latitude,
    g.longitude,
    CASE WHEN s.days_listed = 0 THEN 0.5 ELSE s.days_listed END::DOUBLE AS duration,
    s.sold::INTEGER::DOUBLE AS observed,
    s.listed_on AS as_of
FROM banded AS s
ASOF LEFT JOIN valuations AS v
    ON s.derivative_id = v.derivative_id
    AND s.registration_year = v.registration_year
    AND s.mileage_band = v.mileage_band
    AND s.listed_on >= v.valued_on
LEFT JOIN taxonomy AS t ON s.derivative_id = t.derivative_id
LEFT JOIN geography AS g ON s.outcode = g.outcode
