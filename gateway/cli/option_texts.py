"""What the options of each codec mean, with a value as `--option NAME=VALUE` and TOML write it.

A test holds that every option has its text, and that the codec takes every example.
"""

from __future__ import annotations

from msgspec import Struct


class OptionText(Struct, frozen=True):
    """One option for people."""

    meaning: str
    example: str
    """TOML."""


_NATION = "nation of the sources that no other option gives one; a node gives that of source.NAME.nation"

DECODERS: dict[str, dict[str, OptionText]] = {
    "asterix": {
        "nation": OptionText(_NATION, '"NLD"'),
        "sources": OptionText(
            "names and nations of systems, by SAC/SIC", '{"25/201"={name="Radar North", nation="NLD"}}'
        ),
        "sites": OptionText(
            "where radars stand, by SAC/SIC: what makes a position of range and azimuth; heights in metres above sea",
            '{"25/201"={latitude_deg=52.3, longitude_deg=6.2, altitude_msl_m=45.0}}',
        ),
        "site_from_stream": OptionText("believe a radar's own word (CAT034) for a site that is not configured", "true"),
        "assumed_height_m": OptionText(
            "height at which a target without one is placed; without it such a target stays polar", "3000.0"
        ),
        "time_window_s": OptionText("refuse times of day further from the reception than this, in seconds", "30.0"),
        "area": OptionText(
            "refuse positions outside of this box, in degrees",
            "{south_deg=50.0, west_deg=3.0, north_deg=54.0, east_deg=8.0}",
        ),
        "dedupe": OptionText("drop exact repetitions of a block (networks A and B)", "false"),
        "leftovers": OptionText("keep the mode of movement and the ages of CAT062 as an extension", "true"),
        "editions": OptionText(
            "editions that the source sends, by category; refused if they are not the ones read", '{62="1.21"}'
        ),
    },
    "cot": {
        "nation": OptionText(_NATION, '"NLD"'),
        "keep_raw": OptionText("keep the original octets of an event with its track", "false"),
        "label_policy": OptionText(
            "make access, caveat and releasableTo of an event a label of this security policy", '"ALLIANCE"'
        ),
    },
    "geojson": {
        "keep_raw": OptionText("keep the octets of a frame that is one feature", "false"),
        "keep_track_id": OptionText("believe a track_id in the properties: for output of your own gateway", "true"),
    },
    "remoteid": {
        "nation": OptionText(_NATION, '"NLD"'),
        "keep_raw": OptionText("keep the messages of a transmitter with its track", "false"),
        "ages_s": OptionText(
            "how long a message of each kind is believed, in seconds: basic_id, location, authentication, self_id, "
            "system, operator_id",
            "{system=10.0, self_id=60.0}",
        ),
        "wait_for_id_s": OptionText(
            "how long a position waits for its transmitter's Basic ID before the address names it, in seconds", "5.0"
        ),
        "dedupe": OptionText("drop a position that is repeated with nothing new", "false"),
    },
    "nffi": {
        "nation": OptionText(_NATION, '"NOR"'),
        "keep_raw": OptionText("keep a track's own element with it", "false"),
        "label_policy": OptionText(
            "make the highest marking among a track's sections a label of this security policy", '"NATO"'
        ),
        "unverified_ip1": OptionText(
            "count octets without XML between documents as silent, as IP1's header would be; unverified", "true"
        ),
    },
    "nvg": {
        "nation": OptionText(_NATION, '"NLD"'),
        "keep_raw": OptionText("keep an object's own element with its track", "false"),
        "z": OptionText('what the source means by z: "msl", "hae", or "none" (not to be believed)', '"none"'),
        "label_policy": OptionText(
            "make the classification of a 1.5 document a label of this security policy", '"ALLIANCE"'
        ),
    },
    "sapient": {
        "nation": OptionText(_NATION, '"NLD"'),
        "keep_raw": OptionText("keep the original octets of a message with its track", "false"),
        "hold": OptionText(
            "keep a detection for later frames until its node has registered; else it is refused with its frame", "true"
        ),
        "time_window_s": OptionText("mark times further from the reception than this as doubtful, in seconds", "5.0"),
        "ended_states": OptionText("words in the field state that say that a track has ended", '["lost"]'),
        "utm_letters": OptionText("whether the letter of a UTM zone is a band or a hemisphere", '"hemisphere"'),
        "implausible": OptionText("carry or refuse what is valid and hard to believe", '"refuse"'),
        "sites": OptionText(
            "where nodes stand that do not say so, and the heading of a platform, by node id",
            '{"a8654cdf-4328-47de-81fa-c495589e30c8"={latitude_deg=54.7, longitude_deg=25.3, heading_deg=90.0}}',
        ),
    },
    "alliance": {},
}

ENCODERS: dict[str, dict[str, OptionText]] = {
    "asterix": {
        "category": OptionText("62 (system tracks) or 48 (target reports)", "48"),
        "sac": OptionText("system area code under which we speak", "25"),
        "sic": OptionText("system identification code under which we speak", "201"),
        "service": OptionText("service identification (I062/015)", "1"),
        "max_datagram_octets": OptionText("largest datagram, in octets", "1400"),
        "silence_s": OptionText("how long a track number outlives the last report, in seconds", "60.0"),
        "relay_raw": OptionText("pass on the source's own record where the track still has it", "true"),
    },
    "cot": {
        "stale_after_s": OptionText("validity of a track whose source states none, in seconds", "60.0"),
        "opex": OptionText("exercise mark for events that have none; e-NAME makes joker and faker legal", '"e-STEADY"'),
        "platform_types": OptionText(
            "function ids for platforms of which CoT has only ones that claim more", '{UAV="A-M-F-Q"}'
        ),
        "declaration": OptionText("begin each event with an XML declaration", "false"),
        "protocol": OptionText("xml, or TAK protocol version 1 as stream or mesh carry it", '"stream"'),
        "personal_data": OptionText("write the operators of aircraft too, as events of their own", "true"),
        "undeclared": OptionText(
            "affiliation of undeclared identities: o (none specified, exact) or u (unknown, what displays know)",
            '"u"',
        ),
    },
    "geojson": {
        "collection": OptionText("one FeatureCollection instead of a feature per line", "true"),
        "personal_data": OptionText("write the operator of a drone too: personal data", "true"),
    },
    "remoteid": {
        "form": OptionText("pack (octets as broadcast) or json (a receiver's objects)", '"json"'),
        "personal_data": OptionText("write the operator of a drone too: personal data", "true"),
    },
    "nffi": {
        "system": OptionText("system that releases tracks which no NFFI system named; else this gateway", '"NLD-AOC"'),
        "subsystem": OptionText("its subsystem", '"NORTH"'),
        "country": OptionText("its country, three letters; else the nation of a track's source", '"NLD"'),
        "friendly_only": OptionText("refuse tracks that nobody declared friend or assumed friend", "true"),
    },
    "nvg": {
        "symbols": OptionText('standard of symbols built anew: "app6d" (20 digits) or "app6b" (15 letters)', '"app6b"'),
        "z": OptionText('height that is written as z: "msl", "hae" or "none"', '"hae"'),
        "extended_data": OptionText("write what NVG has no field for as extended data", "false"),
        "personal_data": OptionText("write a point for the operator of an uncrewed aircraft", "true"),
    },
    "sapient": {
        "node_id": OptionText(
            "UUID (version 4) under which we speak; else one derived from the node's name",
            '"a8654cdf-4328-47de-81fa-c495589e30c8"',
        ),
        "name": OptionText("what our Registration says that we are called", '"Border gateway"'),
        "announce_s": OptionText("how often our Registration is repeated, in seconds; 0 leaves it out", "60.0"),
    },
    "alliance": {
        "sender": OptionText("name of the node that speaks", '"nld-1"'),
        "recipients": OptionText("names of the nodes that it is for", '["deu-1", "eu-1"]'),
        "release_group": OptionText("release group in the header", '"all"'),
        "exercise": OptionText("OPERATIONAL, EXERCISE or TEST", '"EXERCISE"'),
        "simulation": OptionText("REAL, SIMULATED or SYNTHESIZED", '"SIMULATED"'),
        "policy": OptionText("security policy of the label", '"ALLIANCE"'),
        "classification": OptionText("classification of the label", '"UNCLASSIFIED"'),
    },
}

_SITE = "{latitude_deg=54.7, longitude_deg=25.3, altitude_hae_m=120.0}"

ENDPOINTS: dict[str, dict[str, OptionText]] = {
    "cot": {
        "role": OptionText("server (TAK clients connect), client (of a TAK server) or mesh (multicast)", '"client"'),
        "negotiate": OptionText("offer TAK protocol version 1, and take it up; without it XML is spoken", "false"),
        **DECODERS["cot"],
        **{name: text for name, text in ENCODERS["cot"].items() if name != "protocol"},
    },
    "sapient": {
        "role": OptionText("fusion-node (sensors connect to us) or edge-node (we report to a parent)", '"edge-node"'),
        "node_id": ENCODERS["sapient"]["node_id"],
        **{name: text for name, text in DECODERS["sapient"].items() if name != "hold"},
        "register_s": OptionText("how long a sensor may be connected without registering, in seconds", "10.0"),
        "name": OptionText("what our Registration says that we are called; edge node only", '"Border gateway"'),
        "short_name": OptionText("its short form, for displays; edge node only", '"BG"'),
        "heartbeat_s": OptionText("time between two of our StatusReports, in seconds; edge node only", "5.0"),
        "answer_s": OptionText("how long the parent may take to acknowledge us, in seconds; edge node only", "10.0"),
        "site": OptionText("where we say that we stand; without it no place is stated; edge node only", _SITE),
    },
}
"""Of conversations: feeds with direction both."""

SERVICES: dict[str, dict[str, OptionText]] = {"nffi": ENCODERS["nffi"], "nvg": ENCODERS["nvg"]}
"""Of documents that clients fetch: feeds of kind http."""

ENQUIRIES: dict[str, dict[str, OptionText]] = {
    "nffi": {
        "area": OptionText(
            "only tracks in this box, in degrees", "{south_deg=50.0, west_deg=3.0, north_deg=54.0, east_deg=8.0}"
        ),
        "systems": OptionText(
            "only tracks of these: any of country, system, subsystem, transponder_id; % stands for any text",
            '[{country="NOR", system="OTH%"}]',
        ),
        "history_depth": OptionText("how many positions of each track are wanted, as SIP3's historyDepth", "0"),
    },
    "nvg": {
        "soap_request": OptionText("ask by SOAP (GetNvg) instead of fetching the document with a GET", "true"),
    },
}
"""Of what is asked of a server: the table enquiry among the options of a feed of kind http-poll."""

PARTS = {
    "decoder": DECODERS,
    "encoder": ENCODERS,
    "endpoint": ENDPOINTS,
    "service": SERVICES,
    "enquiry": ENQUIRIES,
}
"""By the parts of a `Format` that take options."""
