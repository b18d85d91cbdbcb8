"""What PostgreSQL does in one step, so that processes do not come between each other: tables and functions of its own.

A channel's row counts its messages, and whoever sends holds it until the commit: so messages become visible, and are notified,
in the order of their ids. The members of a group are stays, each with the time until which it counts. PostgreSQL's own clock
decides.
"""

from hashlib import sha256

# NOTIFY carries less than 8000 bytes. A longer text is told by its id alone, and is kept for those who fetch it, also where
# newer messages have pushed it out of the history.
_TABLES = """
CREATE TABLE IF NOT EXISTS trine_channel (
    channel text COLLATE "C" PRIMARY KEY, ms bigint NOT NULL, number bigint NOT NULL, keep integer NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS trine_channel_expires ON trine_channel (expires);
CREATE TABLE IF NOT EXISTS trine_channel_message (
    channel text COLLATE "C" REFERENCES trine_channel ON DELETE CASCADE, number bigint, ms bigint NOT NULL, text text NOT NULL,
    fetch_until timestamptz, PRIMARY KEY (channel, number)
);
CREATE TABLE IF NOT EXISTS trine_channel_stay (
    channel text COLLATE "C", stay text COLLATE "C", name text NOT NULL, info text NOT NULL,
    since timestamptz NOT NULL, until timestamptz NOT NULL, PRIMARY KEY (channel, stay)
);
"""

_SEND = """
CREATE OR REPLACE FUNCTION trine_channel_send(channel_ text, text_ text, keep_ integer, seconds double precision)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ms_ bigint; number_ bigint; said text; large boolean;
    now_ timestamptz := clock_timestamp(); ends timestamptz := now_ + make_interval(secs => seconds);
BEGIN
    DELETE FROM trine_channel WHERE channel = channel_ AND expires <= now_;
    INSERT INTO trine_channel AS c VALUES (channel_, floor(extract(epoch FROM now_) * 1000), 1, keep_, ends)
    ON CONFLICT (channel) DO UPDATE
        SET ms = greatest(c.ms, excluded.ms), number = c.number + 1, keep = excluded.keep, expires = excluded.expires
    RETURNING c.ms, c.number INTO ms_, number_;
    said := ms_ || '-' || number_;
    large := octet_length(text_) > 7900;
    INSERT INTO trine_channel_message VALUES (
        channel_, number_, ms_, text_, CASE WHEN large THEN now_ + interval '30 seconds' END
    );
    DELETE FROM trine_channel_message
        WHERE channel = channel_ AND number <= number_ - keep_ AND (fetch_until IS NULL OR fetch_until <= now_);
    PERFORM pg_notify('trine_' || md5(channel_), CASE WHEN large THEN said ELSE said || ' ' || text_ END);
    RETURN said;
END $$;
"""

# Changes of members are kept for a while too: a process that lost its connection hears of them later.
_MEMBERS = """
CREATE OR REPLACE FUNCTION trine_channel_tell(
    channel_ text, name_ text, info_ text, is_here boolean, seconds double precision
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trine_channel_send(
        channel_, '{"member":' || to_json(name_) || ',"is_here":' || is_here || ',"info":' || info_ || '}', 1000, seconds * 10
    );
END $$;

CREATE OR REPLACE FUNCTION trine_channel_go(channel_ text, stay_ text, seconds double precision)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE gone record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('trine ' || channel_, 0));
    FOR gone IN
        DELETE FROM trine_channel_stay
        WHERE channel = channel_ AND (stay = stay_ OR until <= clock_timestamp()) RETURNING name, info
    LOOP
        IF NOT EXISTS (SELECT FROM trine_channel_stay WHERE channel = channel_ AND name = gone.name) THEN
            PERFORM trine_channel_tell(channel_, gone.name, gone.info, false, seconds);
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION trine_channel_come(
    channel_ text, stay_ text, name_ text, info_ text, seconds double precision
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE is_new boolean; now_ timestamptz;
BEGIN
    PERFORM trine_channel_go(channel_, NULL, seconds);
    is_new := NOT EXISTS (SELECT FROM trine_channel_stay WHERE channel = channel_ AND name = name_);
    now_ := clock_timestamp();
    INSERT INTO trine_channel_stay VALUES (channel_, stay_, name_, info_, now_, now_ + make_interval(secs => seconds))
    ON CONFLICT (channel, stay) DO UPDATE SET until = excluded.until;
    IF is_new THEN
        PERFORM trine_channel_tell(channel_, name_, info_, true, seconds);
    END IF;
END $$;
"""

SETUP = _TABLES + _SEND + _MEMBERS
MARK = f"Trine's channels, {sha256(SETUP.encode()).hexdigest()[:12]}"
"""What the table says of itself once all of this was made."""

IS_SET_UP = "SELECT obj_description(to_regclass('trine_channel'), 'pg_class')"
LOCK_SETUP = "SELECT pg_advisory_xact_lock(hashtextextended('trine_channel setup', 0))"

SEND = "SELECT trine_channel_send($1, $2, $3, $4)"
COME = "SELECT trine_channel_come($1, $2, $3, $4, $5)"
GO = "SELECT trine_channel_go($1, $2, $3)"
MEMBERS = """
SELECT DISTINCT ON (name) name, info FROM trine_channel_stay
WHERE channel = $1 AND until > clock_timestamp() ORDER BY name, since DESC
"""
PLACE = "SELECT ms, number FROM trine_channel WHERE channel = $1 AND expires > clock_timestamp()"
ONE = "SELECT text FROM trine_channel_message WHERE channel = $1 AND number = $2"
_KEPT = """
SELECT m.ms, m.number, m.text FROM trine_channel c JOIN trine_channel_message m USING (channel)
WHERE channel = $1 AND c.expires > clock_timestamp() AND m.number > c.number - c.keep
"""
NEWEST = f"{_KEPT} ORDER BY m.number DESC LIMIT $2"
AFTER = f"{_KEPT} AND (m.ms, m.number) > ($2, $3) ORDER BY m.number LIMIT $4"
SWEEP = "DELETE FROM trine_channel WHERE expires <= clock_timestamp()"
