-- Observations (mirror_*), agreements (link, spoke) and the journal (run, operation). Times are UTC in microseconds.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE calendar (
    id           INTEGER PRIMARY KEY,
    account      TEXT NOT NULL,
    remote       TEXT NOT NULL,              -- the provider's stable id
    name         TEXT NOT NULL,
    access       TEXT NOT NULL,              -- read | write
    level        TEXT NOT NULL,              -- full | limited | busy (O7)
    mails        INTEGER NOT NULL,           -- 1: writes to events with guests may mail people
    max_bytes    INTEGER,
    zone         TEXT NOT NULL DEFAULT '',   -- of its times that name none (Google)
    sync_token   TEXT,                       -- covers exactly the mirror's rows (T1)
    last_full_us INTEGER,                    -- last complete listing (facts 0.7)
    last_ok_us   INTEGER,
    reset        INTEGER NOT NULL DEFAULT 0, -- 1: the token was lost; guard G4 until the next planned run
    lowered      TEXT NOT NULL DEFAULT '',   -- rights that shrank, in words; guard G6 until a person agrees
    UNIQUE (account, remote)
) STRICT;

CREATE TABLE alias (                         -- the calendar a configured name was resolved to
    account     TEXT NOT NULL,
    name        TEXT NOT NULL,
    calendar_id INTEGER NOT NULL REFERENCES calendar(id) ON DELETE CASCADE,
    PRIMARY KEY (account, name)
) STRICT;

CREATE TABLE mirror_item (
    id           INTEGER PRIMARY KEY,
    calendar_id  INTEGER NOT NULL REFERENCES calendar(id) ON DELETE CASCADE,
    remote_id    TEXT NOT NULL,
    uid          TEXT NOT NULL,              -- '' when the payload could not be read
    etag         TEXT,                       -- NULL: the server gave none, looked up before writing
    stamp_us     INTEGER,                    -- the server's own time of the last change (O3)
    edited_us    INTEGER,                    -- the same of the last change that was not ours (D2)
    payload      BLOB NOT NULL,              -- exactly as received
    form         TEXT,                       -- canonical form; NULL: could not be read, see problem
    problem      TEXT,                       -- why it is quarantined, in words
    marker       TEXT,
    people       TEXT NOT NULL DEFAULT '',   -- whom a write may mail: nobody, guest (its deletion only), host
    tool         TEXT NOT NULL DEFAULT '',   -- the other program that made it as a copy (N5)
    kind         TEXT NOT NULL DEFAULT '',   -- what its service says it is, in words of filters (V5)
    answer       TEXT NOT NULL DEFAULT '',   -- what its service says was answered, in words of filters (V5)
    gone         INTEGER NOT NULL DEFAULT 0, -- 0 there, 1 missing since seen_at_us, 2 proved gone (O2)
    seq          INTEGER NOT NULL,           -- grows with each change of form, problem or gone
    writer       TEXT,                       -- the group that wrote exactly this state itself: nothing new to it
    seen_at_us   INTEGER NOT NULL,
    UNIQUE (calendar_id, remote_id)
) STRICT;
CREATE INDEX mirror_item_seq ON mirror_item (calendar_id, seq);
CREATE INDEX mirror_item_uid ON mirror_item (uid, calendar_id);
CREATE INDEX mirror_item_problem ON mirror_item (calendar_id) WHERE problem IS NOT NULL;
CREATE INDEX mirror_item_tool ON mirror_item (calendar_id) WHERE tool <> '';
CREATE INDEX mirror_item_gone ON mirror_item (calendar_id) WHERE gone > 0;

CREATE TABLE grp (                           -- a group of calendars planned as one (N1)
    key       TEXT PRIMARY KEY,
    first_us  INTEGER,                       -- when its first plan was executed; NULL: never
    rules     TEXT NOT NULL DEFAULT '',      -- digest of the rules of that plan (V7)
    day       TEXT NOT NULL DEFAULT ''       -- on which all sets were held against the window last (V1)
) STRICT;

CREATE TABLE pair (                          -- when each configured pair was last looked after
    name   TEXT PRIMARY KEY,
    ran_us INTEGER NOT NULL,                 -- the end of its last run
    ok_us  INTEGER                           -- the end of its last run without a failure
) STRICT;

CREATE TABLE grp_calendar (
    grp         TEXT NOT NULL REFERENCES grp(key) ON DELETE CASCADE,
    calendar_id INTEGER NOT NULL REFERENCES calendar(id) ON DELETE CASCADE,
    planned_seq INTEGER NOT NULL DEFAULT 0,  -- mirror rows with a greater seq have not been planned
    PRIMARY KEY (grp, calendar_id)
) STRICT;

CREATE TABLE link (
    id        INTEGER PRIMARY KEY,
    grp       TEXT NOT NULL REFERENCES grp(key) ON DELETE CASCADE,
    key       TEXT NOT NULL,                 -- made from group and UID, so a lost database finds it again (K8)
    uid       TEXT NOT NULL,
    alive     INTEGER NOT NULL,              -- 0: deleted everywhere, kept as a tombstone for 400 days
    open      INTEGER NOT NULL,              -- 1: something waits, so every run plans it again
    rev       INTEGER NOT NULL,              -- the hub's counter: grows with each agreed change
    hub       TEXT NOT NULL,                 -- {path: [value, rev, source calendar]}
    quarantine TEXT,                         -- {"words", "digest"}: not touched while its replicas look like this (I16)
    closed_us INTEGER,
    UNIQUE (grp, key)
) STRICT;
CREATE INDEX link_open ON link (grp) WHERE open = 1;
CREATE INDEX link_uid ON link (grp, uid);

CREATE TABLE spoke (
    link_id     INTEGER NOT NULL REFERENCES link(id) ON DELETE CASCADE,
    calendar_id INTEGER NOT NULL REFERENCES calendar(id) ON DELETE CASCADE,
    grp         TEXT NOT NULL,
    remote_id   TEXT,                        -- NULL: no replica here now
    state       TEXT NOT NULL,               -- live | absent | parked (a person took it away; never made again) | dormant
    generation  INTEGER NOT NULL DEFAULT 0,  -- grows when a replica is known to be gone (J4)
    alias       INTEGER NOT NULL DEFAULT 0,  -- >0: the server refused the UID, a derived one is used (K5)
    owned       INTEGER NOT NULL DEFAULT 0,  -- 1: calsync created this replica
    base        TEXT,                        -- the form as this calendar showed it when it last agreed; NULL: never
    rev         INTEGER NOT NULL DEFAULT 0,  -- hub counter this replica is up to date with ...
    behind      TEXT NOT NULL DEFAULT '{}',  -- ... except these paths: {path: rev}
    refused     TEXT,                        -- digest of the write the server said a definite no to; not tried again
    problem     TEXT,                        -- the words of that no
    view        TEXT NOT NULL DEFAULT '',    -- the view a copy was made under (W6); '': it shows everything
    PRIMARY KEY (link_id, calendar_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX spoke_replica ON spoke (grp, calendar_id, remote_id) WHERE remote_id IS NOT NULL; -- K4
CREATE INDEX spoke_item ON spoke (calendar_id, remote_id);

CREATE TABLE hold (                          -- what waits for a person
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- a person types it, so it never comes to mean another question
    grp         TEXT NOT NULL REFERENCES grp(key) ON DELETE CASCADE,
    link_id     INTEGER REFERENCES link(id) ON DELETE CASCADE,
    calendar_id INTEGER,                     -- with remote_id, for items that have no link
    remote_id   TEXT,
    kind        TEXT NOT NULL,               -- fields | delete | orphan | ambiguous | notify | read-only | foreign | refused
    digest      TEXT NOT NULL,               -- of what is asked; a choice counts only for this question (A3)
    detail      TEXT NOT NULL,
    choice      TEXT,
    since_us    INTEGER NOT NULL
) STRICT;
CREATE INDEX hold_link ON hold (link_id);
CREATE INDEX hold_item ON hold (calendar_id, remote_id);

CREATE TABLE outside (                       -- events that take no part in a group, as it was planned last
    grp         TEXT NOT NULL REFERENCES grp(key) ON DELETE CASCADE,
    calendar_id INTEGER NOT NULL,
    remote_id   TEXT NOT NULL,
    words       TEXT NOT NULL,               -- which rule keeps it out
    PRIMARY KEY (calendar_id, remote_id, grp)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id         INTEGER PRIMARY KEY,
    started_us INTEGER NOT NULL,
    ended_us   INTEGER,
    exit_code  INTEGER,
    trigger    TEXT NOT NULL,
    summary    TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE operation (                     -- the journal: one row per request that changes something (I12)
    id           INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL,
    grp          TEXT NOT NULL,
    link_id      INTEGER REFERENCES link(id) ON DELETE SET NULL,
    calendar_id  INTEGER NOT NULL,
    kind         TEXT NOT NULL,              -- create | update | delete
    state        TEXT NOT NULL,              -- planned | sent | confirmed | failed | abandoned
    remote_id    TEXT NOT NULL,
    key          TEXT,                       -- creates: the key the id was made from (J4)
    rev          INTEGER NOT NULL,           -- hub counter this write brings the replica up to
    etag         TEXT,                       -- precondition (I13)
    changes      TEXT NOT NULL,              -- {path: value} asked for
    held         TEXT NOT NULL,              -- paths that stay in conflict: their base must not move
    intent       BLOB,                       -- body to send
    intent_form  TEXT,
    before       BLOB,
    after        BLOB,
    title        TEXT NOT NULL,
    start        TEXT,
    because      TEXT NOT NULL,
    error        TEXT,
    sent_us      INTEGER,
    parks        INTEGER NOT NULL DEFAULT 0, -- 1: a delete that a person asked for: the replica is not made again
    view         TEXT,                       -- what the copy is brought to show by this; NULL: the same as before
    by_hand      INTEGER NOT NULL DEFAULT 0, -- 1: a person's own word, still to be heard by the plan of all calendars
    releases     INTEGER NOT NULL DEFAULT 0, -- 1: an update that takes nothing but calsync's marker away (W4)
    answered     INTEGER NOT NULL DEFAULT 0, -- 1: the server said yes, but what it stored was not read back yet
    done_us      INTEGER
) STRICT;
CREATE INDEX operation_open ON operation (state) WHERE state IN ('planned', 'sent');
CREATE INDEX operation_given_up ON operation (done_us) WHERE state = 'abandoned';
CREATE INDEX operation_link ON operation (link_id);
CREATE INDEX operation_run ON operation (run_id);
CREATE INDEX operation_recent ON operation (calendar_id, done_us);

CREATE TABLE kept (                          -- every value ever overwritten, lost in a conflict or deleted (I1)
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL,
    link_id     INTEGER,
    calendar_id INTEGER NOT NULL,
    kind        TEXT NOT NULL,               -- overwritten | conflict | trash
    uid         TEXT NOT NULL,
    path        TEXT,                        -- NULL: the whole replica
    value       TEXT,
    payload     BLOB,
    at_us       INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_link ON kept (link_id);

CREATE TABLE channel (                       -- servers that were asked to post notices, until they were told to stop
    id         INTEGER PRIMARY KEY,
    account    TEXT NOT NULL,
    calendar   TEXT NOT NULL,                -- the provider's stable id; '': any of the account
    remote_id  TEXT NOT NULL,                -- '': the server gives it, and has not yet
    resource   TEXT NOT NULL,                -- '': the same
    address    TEXT NOT NULL,
    secret     TEXT NOT NULL,
    opened_us  INTEGER NOT NULL,             -- when it was asked for
    expires_us INTEGER                       -- NULL: it may be open or not, for no answer was seen
) STRICT;
