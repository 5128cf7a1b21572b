/**
 * The tier and the segments of somebody, in SQL: the one rule by which the card, the queue, campaigns and offers go. The CRM's own tier
 * holds where it gives one; for the others what was computed from their orders, which is nothing while the settings leave it to the CRM.
 */

const heldBy = (computed: string) => `coalesce(nullif(c.tier, ''), ${computed}, '')`;

/** Of customer `c` with the standing `st`. */
export const TIER = heldBy("st.tier");
/** Of customer `c` alone. */
export const TIER_OF = heldBy("(select tier from customer_standing where customer_id = c.id)");

/** Of customer `c` with the standing `st`: the CRM's and the computed ones, once each. */
export const SEGMENTS = `
  case when coalesce(cardinality(st.segments), 0) = 0 then c.segments
    else array(select distinct unnest(c.segments || st.segments) order by 1) end`;
