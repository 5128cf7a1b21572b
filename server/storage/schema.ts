/**
 * The tables as kysely sees them; `migrations/` is what makes them. `int8` columns are text here (see database.ts):
 * ids are opaque, sums are turned into numbers where they are read.
 */
import type { ColumnType, Generated, GeneratedAlways } from "kysely";
import type { AttemptOutcome, AttemptState } from "../campaigns/attempts/model.ts";
import type { Said } from "../campaigns/attempts/said.ts";
import type {
  CampaignSettings,
  CampaignState,
  PauseReason,
  ZoneBasis,
} from "../campaigns/model.ts";
import type { Learned } from "../campaigns/pacing/model.ts";
import type { OfferReason } from "../offers/model.ts";
import type { OrderActionRequest } from "../orders/actions/model.ts";
import type { OrderDelivery, OrderPayment } from "../orders/model.ts";

/** What the catalogue says of a product beside its own columns. */
export type ProductAttributes = Readonly<Record<string, string | number | boolean>>;

type Id = GeneratedAlways<string>;
type Time = ColumnType<Date, Date | string, Date | string>;
type TimeDefault = ColumnType<Date, Date | string | undefined, Date | string>;
/** Read as a parsed value, written as JSON text. */
type Json<T> = ColumnType<T, string, string>;

export type Schema = {
  customers: {
    id: Id;
    source: string;
    source_id: string;
    name: string;
    email: Generated<string>;
    tier: Generated<string>;
    tier_since: string | null;
    vip: Generated<boolean>;
    language: Generated<string>;
    city: Generated<string>;
    region: Generated<string>;
    time_zone: Generated<string>;
    external_url: Generated<string>;
    personal_manager: Generated<string>;
    customer_since: string | null;
    segments: Generated<string[]>;
    /** May be called for an advertisement; null when nobody asked. */
    consent: boolean | null;
    /** Bonus points in minor units; null: no such programme. */
    bonus_minor: ColumnType<
      string | null,
      string | number | null | undefined,
      string | number | null
    >;
    updated_at: TimeDefault;
  };
  customer_phones: { e164: string; customer_id: string; verified: Generated<boolean> };
  phone_choices: {
    e164: string;
    customer_id: string;
    chosen_by: string | null;
    chosen_at: TimeDefault;
  };
  products: {
    id: Id;
    source: string;
    source_id: string;
    sku: Generated<string>;
    name: string;
    category: Generated<string>;
    price_minor: Generated<string>;
    currency: Generated<string>;
    stock: number | null;
    cost_minor: ColumnType<
      string | null,
      string | number | null | undefined,
      string | number | null
    >;
    weight_g: number | null;
    length_mm: number | null;
    width_mm: number | null;
    height_mm: number | null;
    attributes: ColumnType<ProductAttributes, string | undefined, string>;
    updated_at: TimeDefault;
    /** xid8, kept by a trigger. */
    changed_tx: Generated<string>;
  };
  products_gone: { one: Generated<boolean>; tx: string };
  orders: {
    id: Id;
    source: string;
    source_id: string;
    customer_id: string;
    number: string;
    stage: string;
    status: Generated<string>;
    total_minor: ColumnType<string, string | number, string | number>;
    currency: string;
    placed_at: Time;
    /** When the customer was told it would be there. */
    promised_at: Time | null;
    updated_at: TimeDefault;
    lines: Json<
      readonly { name: string; quantity: number; priceMinor: number; productId?: string }[]
    >;
    /** The source's own; null when it has none. */
    version: string | null;
    /** E.164 of the person to call about it, "" for the customer's own. */
    phone: Generated<string>;
    delivery: ColumnType<OrderDelivery, string | undefined, string>;
    payment: ColumnType<OrderPayment, string | undefined, string>;
    comment: Generated<string>;
    received_at: TimeDefault;
  };
  order_statuses: {
    id: Id;
    order_id: string;
    /** The order's. */
    customer_id: string;
    at: TimeDefault;
    stage: string;
    status: Generated<string>;
    version: string | null;
    placed: Generated<boolean>;
  };
  order_sources: {
    source: string;
    title: Generated<string>;
    hook_secret: Generated<string>;
    results_url: Generated<string>;
    results_secret: Generated<string>;
    actions_url: Generated<string>;
    actions_secret: Generated<string>;
    actions: Generated<string[]>;
    changed_at: TimeDefault;
  };
  trunks: {
    pbx: string;
    name: string;
    dial: string;
    format: "e164" | "plain" | "national";
    lines: number;
    calls_per_second: number;
    enabled: Generated<boolean>;
  };
  campaigns: {
    id: Id;
    settings: Json<CampaignSettings>;
    state: Generated<CampaignState>;
    paused_because: Generated<PauseReason | "">;
    revision: Generated<number>;
    learned: ColumnType<Learned | null, string | null | undefined, string | null>;
    orders_read: Generated<string>;
    timed_revision: Generated<number>;
    created_at: TimeDefault;
    changed_at: TimeDefault;
  };
  contact_lists: {
    id: Id;
    campaign_id: string;
    name: string;
    uploaded_by: string;
    uploaded_at: TimeDefault;
    rows: number;
    refused: number;
  };
  contacts: {
    id: Id;
    campaign_id: string;
    customer_id: string | null;
    phone: string;
    name: Generated<string>;
    list_id: string | null;
    data: ColumnType<Readonly<Record<string, string>>, string | undefined, string>;
    time_zones: Generated<string[]>;
    zone_basis: Generated<ZoneBasis>;
    state: Generated<"open" | "done" | "withdrawn">;
    result: Generated<string>;
    refused: Generated<boolean>;
    promised: Generated<boolean>;
    user_id: string | null;
    said: ColumnType<Said | null, string | null | undefined, string | null>;
    created_at: TimeDefault;
    closed_at: Time | null;
  };
  contact_orders: { contact_id: string; order_id: string };
  attempts: {
    id: string;
    contact_id: string;
    campaign_id: string;
    n: number;
    phone: string;
    customer_id: string | null;
    state: Generated<AttemptState>;
    not_before: TimeDefault;
    due_at: Time;
    window_ends_at: Time;
    promised: Generated<boolean>;
    pbx: Generated<string>;
    trunk: Generated<string>;
    claimed_by: Generated<string>;
    claimed_at: Time | null;
    dialled_at: Time | null;
    ringing_at: Time | null;
    answered_at: Time | null;
    greeting_ended_at: Time | null;
    waiting_at: Time | null;
    connected_at: Time | null;
    ended_at: Time | null;
    outcome: Generated<AttemptOutcome | "">;
    cause: Generated<number>;
    withdrawn_because: Generated<string>;
    abandoned: Generated<boolean>;
    abandoned_by_rule: Generated<boolean>;
    user_id: string | null;
    extension: Generated<string>;
    call_id: Generated<string>;
    changed_at: TimeDefault;
  };
  attempt_steps: {
    id: Id;
    attempt_id: string;
    at: TimeDefault;
    from_state: AttemptState | "";
    to_state: AttemptState;
    evidence: ColumnType<Readonly<Record<string, unknown>>, string | undefined, string>;
  };
  do_not_call: {
    phone: string;
    reason: Generated<string>;
    added_by: string;
    added_at: TimeDefault;
  };
  results: {
    id: Id;
    contact_id: string;
    source: Generated<string>;
    body: Json<unknown>;
    created_at: TimeDefault;
    delivered_at: Time | null;
    tries: Generated<number>;
    last_error: Generated<string>;
    place: string | null;
  };
  users: {
    id: Id;
    login: string;
    name: string;
    role: "operator" | "supervisor" | "admin";
    language: Generated<string>;
    password_hash: string;
    active: Generated<boolean>;
    created_at: TimeDefault;
  };
  sessions: {
    token_hash: Buffer;
    id: Generated<string>;
    user_id: string;
    created_at: TimeDefault;
    last_seen_at: TimeDefault;
    expires_at: Time;
    user_agent: Generated<string>;
  };
  api_tokens: {
    id: Id;
    name: string;
    role: "operator" | "supervisor" | "admin" | "integrator";
    token_hash: Buffer;
    created_by: string | null;
    created_at: TimeDefault;
    last_used_at: Time | null;
    revoked_at: Time | null;
  };
  audit: { id: Id; at: TimeDefault; actor: string; action: string; detail: Json<unknown> };
  operator_devices: {
    user_id: string;
    pbx: string;
    extension: string;
    chosen_at: TimeDefault;
    /** Wrap-ups of calls that ended before do not hold them any more. */
    ready_at: ColumnType<Date | null, Date | null | undefined, Date | null>;
  };
  /** Who a call is with, as an operator said. */
  call_customers: {
    call_id: string;
    customer_id: string;
    chosen_by: string | null;
    chosen_at: TimeDefault;
  };
  calls: {
    id: string;
    pbx: string;
    direction: string;
    party_number: string;
    party_name: Generated<string>;
    party_e164: string | null;
    customer_id: string | null;
    dialled: Generated<string>;
    from_extension: Generated<string>;
    /** The last queue; `queues` has all of them. */
    queue: Generated<string>;
    queues: Generated<string[]>;
    started_at: Time;
    answered_at: Time | null;
    ended_at: Time;
    ended_how: string;
    wait_ms: number | null;
    talk_ms: Generated<number>;
    extensions: Generated<string[]>;
    detail: Json<unknown>;
  };
  pops: {
    ring_id: string;
    call_id: string;
    pbx: string;
    extension: string;
    user_id: string | null;
    queue: Generated<string>;
    told_by: string;
    joined_at: Time | null;
    identified_at: Time | null;
    identify_ms: number | null;
    outcome: Generated<string>;
    composed_at: Time | null;
    rang_at: Time;
    sent_at: Time | null;
    received_at: Time | null;
    painted_at: Time | null;
    missed: Generated<string>;
  };
  dispositions: {
    code: string;
    label_ru: string;
    label_uk: string;
    label_en: string;
    position: number;
    active: Generated<boolean>;
  };
  wrap_ups: {
    draft_id: string;
    call_id: string;
    user_id: string;
    disposition: string;
    note: Generated<string>;
    /** Of a campaign's call: when the person wants to be called (`CallBack` of the desk). */
    call_back: ColumnType<unknown, string | null | undefined, string | null>;
    tags: Generated<string[]>;
    saved_at: TimeDefault;
  };
  notes: {
    id: Id;
    customer_id: string;
    call_id: string | null;
    author_id: string | null;
    text: string;
    created_at: TimeDefault;
  };
  policy_versions: {
    version: number;
    policy: Json<unknown>;
    note: Generated<string>;
    published_by: string;
    published_at: TimeDefault;
    rolled_back_to: number | null;
  };
  policy_draft: {
    one: Generated<boolean>;
    policy: Json<unknown>;
    revision: number;
    base_version: number;
    updated_by: string;
    updated_at: TimeDefault;
  };
  call_priorities: {
    call_id: string;
    queue: string;
    joined_at: Time;
    pbx: string;
    policy_version: number;
    rule_id: Generated<string>;
    rule_name: Generated<string>;
    rate: number;
    head_start_ms: number;
  };
  priority_moves: {
    id: Id;
    call_id: string;
    pbx: string;
    queue: string;
    at: Time;
    made_by: string;
    from_position: number;
    to_position: number | null;
    from_priority: number;
    to_priority: number;
    policy_version: number;
  };
  claims: {
    id: Id;
    source: string;
    source_id: string;
    customer_id: string;
    subject: Generated<string>;
    opened_at: Time;
    closed_at: Time | null;
    updated_at: TimeDefault;
    number: Generated<string>;
    order_id: string | null;
    line: number | null;
    product_id: string | null;
    kind: Generated<string>;
    wish: Generated<string>;
    text: Generated<string>;
    photos: Generated<string[]>;
    status: Generated<string>;
    deadline_at: Time | null;
    answer: Generated<string>;
    call_id: Generated<string>;
    made_by: string | null;
    version: string | null;
  };
  claim_steps: {
    id: Id;
    claim_id: string;
    at: TimeDefault;
    status: string;
    told_by: string;
    text: Generated<string>;
  };
  carts: {
    id: Id;
    source: string;
    source_id: string;
    customer_id: string;
    total_minor: ColumnType<string, string | number, string | number>;
    currency: string;
    left_at: Time;
    ordered_at: Time | null;
    updated_at: TimeDefault;
  };
  order_items: {
    order_id: string;
    /** The place in the order, from 0. */
    n: number;
    customer_id: string;
    /** Null until such a product is loaded from the order's source. */
    product_id: string | null;
    placed_at: Time;
    price_minor: ColumnType<string, string | number, string | number>;
    quantity: number;
    /** "" while it counts as bought. */
    fate: Generated<"" | "cancelled" | "returned">;
    source_product: string;
  };
  basket_changes: { order_id: string; sign: number; products: string[] };
  learned_run: { run: string };
  product_pairs: { a: string; b: string; together: number };
  product_baskets: { product_id: string; baskets: number };
  goes_with: {
    product_id: string;
    other_id: string;
    together: number;
    baskets: number;
    score: number;
  };
  category_cycles: {
    category: string;
    buyers: string;
    repeaters: string;
    unit_days: number | null;
  };
  offer_learning: {
    one: Generated<boolean>;
    run: string | null;
    asked_at: Time | null;
    asked_by: Generated<string>;
    doing: Generated<"" | "rebuild" | "refresh">;
    step: Generated<string>;
    progress: Generated<number>;
    began_at: Time | null;
    rebuilt_at: Time | null;
    rebuild_ms: number | null;
    refreshed_at: Time | null;
    lines: ColumnType<string, string | number | undefined, string | number>;
    left_out: Generated<number>;
    last_error: Generated<string>;
    failed_at: Time | null;
  };
  customer_standing: {
    customer_id: string;
    orders: number;
    returned: number;
    total_minor: string;
    currency: string;
    first_at: Time | null;
    last_at: Time | null;
    segments: Generated<string[]>;
    tier: Generated<string>;
    changed_at: TimeDefault;
    /** Of `orders` those in `currency`; holds while `in_currency_at` is `changed_at`. */
    in_currency: number | null;
    in_currency_at: Time | null;
    /** When it has to be judged again; -infinity: as soon as can be; null: not before something changes. */
    judge_at: ColumnType<
      Date | number | null,
      Date | string | null | undefined,
      Date | string | null
    >;
  };
  offer_rules: {
    id: Id;
    settings: Json<unknown>;
    state: Generated<"draft" | "on" | "off">;
    revision: Generated<number>;
    uses: Generated<number>;
    created_at: TimeDefault;
    changed_at: TimeDefault;
  };
  offer_rule_versions: {
    rule_id: string;
    revision: number;
    settings: Json<unknown>;
    changed_by: string;
    changed_at: TimeDefault;
  };
  offer_showings: {
    id: string;
    offer_key: string;
    kind: string;
    rule_id: string | null;
    product_id: string | null;
    customer_id: string | null;
    channel: string;
    occasion: string;
    user_id: string | null;
    order_id: string | null;
    place: number;
    confidence: number;
    arm: Generated<"usual" | "explored" | "held">;
    reason: Json<readonly OfferReason[]>;
    saying: Generated<string>;
    quantity: Generated<number>;
    amount_minor: ColumnType<string, string | number | undefined, string | number>;
    currency: Generated<string>;
    shown_at: TimeDefault;
    answer: Generated<"" | "accepted" | "refused" | "ignored">;
    answer_reason: Generated<string>;
    answered_at: Time | null;
    taken_minor: ColumnType<string, string | number | undefined, string | number>;
  };
  delivery_providers: {
    name: string;
    kind: string;
    settings: Json<unknown>;
    enabled: Generated<boolean>;
    changed_at: TimeDefault;
  };
  order_actions: {
    id: string;
    n: Id;
    order_id: string;
    user_id: string | null;
    asked_by: Generated<string>;
    call_id: Generated<string>;
    action: Json<OrderActionRequest>;
    state: Generated<"waiting" | "done" | "refused" | "givenBack">;
    answer: Generated<string>;
    tries: Generated<number>;
    last_error: Generated<string>;
    asked_at: TimeDefault;
    next_at: TimeDefault;
    asking_until: Time | null;
    tried_since: TimeDefault;
    ended_at: Time | null;
  };
  webhook_targets: {
    id: Id;
    name: string;
    url: string;
    secret: Generated<string>;
    events: string[];
    enabled: Generated<boolean>;
    resting_until: Time | null;
    failures: Generated<number>;
    changed_at: TimeDefault;
  };
  webhook_deliveries: {
    id: Generated<string>;
    target_id: string;
    event: string;
    subject: string;
    body: Json<unknown>;
    created_at: TimeDefault;
    delivered_at: Time | null;
    given_up_at: Time | null;
    tries: Generated<number>;
    last_error: Generated<string>;
    n: Id;
    next_at: TimeDefault;
    tried_since: TimeDefault;
  };
  messages: {
    id: Id;
    source: string;
    source_id: string;
    direction: "in" | "out";
    channel: string;
    party: string;
    customer_id: string | null;
    order_id: string | null;
    claim_id: string | null;
    subject: Generated<string>;
    text: Generated<string>;
    links: Generated<string[]>;
    at: Time;
    received_at: TimeDefault;
    settled_at: Time | null;
    settled_by: Generated<string>;
    waits_because: Generated<string>;
  };
  mailboxes: {
    name: string;
    uid_validity: string;
    last_uid: string;
    unread_until: string;
    since: Date | null;
    trying_uid: Generated<string>;
    tries: Generated<number>;
    taken_at: TimeDefault;
  };
  mail_sources: {
    name: string;
    kind: string;
    secret: string;
    enabled: Generated<boolean>;
    changed_at: TimeDefault;
  };
  call_backs: {
    id: Id;
    phone: string;
    customer_id: string | null;
    name: Generated<string>;
    origin: "promised" | "missed" | "lost" | "asked";
    call_id: Generated<string>;
    queue: Generated<string>;
    reason: Generated<string>;
    due_at: Time;
    time_zone: Generated<string>;
    user_id: string | null;
    state: Generated<"open" | "taken" | "done" | "closed">;
    taken_by: string | null;
    taken_at: Time | null;
    tries: Generated<number>;
    /** Ids of the calls that were these tries. */
    tried: Generated<string[]>;
    escalated_at: Time | null;
    unseen: Generated<boolean>;
    campaign_id: string | null;
    closed_because: Generated<string>;
    closed_at: Time | null;
    made_by: string | null;
    made_at: TimeDefault;
  };
  wrap_up_drafts: {
    call_id: string;
    user_id: string;
    draft: Json<unknown>;
    changed_at: TimeDefault;
  };
  ratings: {
    call_id: string;
    score: number;
    comment: Generated<string>;
    asked_by: string;
    customer_id: string | null;
    phone: Generated<string>;
    queue: Generated<string>;
    user_id: string | null;
    at: TimeDefault;
  };
  leases: {
    name: string;
    epoch: string;
    holder: string;
    holder_pid: number;
    taken_at: Time;
    renewed_at: Time;
  };
  placements_by_hand: {
    pbx: string;
    queue: string;
    channel_id: string;
    call_id: string;
    position: number;
    placed_by: string;
    placed_at: TimeDefault;
  };
  waiting_calls: {
    call_id: string;
    pbx: string;
    call: Json<unknown>;
    customer_id: string | null;
    seen_at: Time;
  };
  rating_asks: { call_id: string; phone: string; asked_at: Date };
  installation: { key: string; value: Json<unknown> };
};
