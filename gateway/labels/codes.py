"""The lines of labels in the error catalogue: 001 to 029 for the XML of labels, clearances and bindings, 030 to 039 for
security policies, from 040 on why a label is not valid under its policy."""

from __future__ import annotations

from gateway.errors import Code

NOT_XML = Code(
    "LBL-001",
    "label or clearance is not one well-formed XML document",
    "send one XML 1.0 document in UTF-8, no DOCTYPE",
)
OUT_OF_BOUNDS = Code(
    "LBL-002", "label or clearance has more of something than the schemas allow", "shorten it, or part the categories"
)
WRONG_ELEMENT = Code(
    "LBL-003",
    "element is not one that the standard has at this place",
    "spell and order elements as in confidentiality-label-1.0.xsd",
)
WRONG_ATTRIBUTE = Code(
    "LBL-004", "attribute is not one that the standard has on this element", "spell attributes as in the schema"
)
MISSING = Code("LBL-005", "element or attribute that the standard demands is missing", "add it")
BAD_VALUE = Code("LBL-006", "value does not have the form that the standard gives it", "correct it at its originator")
BAD_TIME = Code("LBL-007", "time is no date and time with a zone", "write times in UTC, such as 2026-11-22T08:00:00Z")
MIXED = Code(
    "LBL-008",
    "text stands between elements, or markup inside of a value",
    "write a value as text alone, without comments or processing instructions",
)
TWO_LABELS = Code(
    "LBL-009", "two labels claim to be the one that counts", "send one originator label and at most one metadata label"
)
NO_LABEL = Code(
    "LBL-010", "there is no originator label", "an alternative never replaces the originator's label: send it"
)
BAD_EXTENSION = Code(
    "LBL-011",
    "foreign element cannot be carried",
    "make it one small element of another namespace in exclusive canonical form, without signature and xml:id",
)
BAD_TEXT = Code("LBL-012", "text holds a character that XML forbids", "remove control characters and lone surrogates")
NO_CREATION_TIME = Code(
    "LBL-013",
    "label has no creation time",
    "let policy complete the label, or have its originator add CreationDateTime",
)
NOT_SAYABLE = Code(
    "LBL-014",
    "label says what its XML element has no place for",
    "leave it out, or say it at the label that it belongs to",
)
BAD_BINDING = Code("LBL-015", "binding cannot be made of what was given", "see the forms in docs/labels.md")

SPIF_MALFORMED = Code(
    "LBL-030",
    "security policy file is no XML SPIF",
    "give an XML SPIF 2.1 file (namespace http://www.xmlspif.org/spif)",
)
SPIF_VERSION = Code(
    "LBL-031",
    "security policy file is of another schema version",
    "convert it to XML SPIF 2.1: version 3.0 says other things",
)
SPIF_UNKNOWN = Code(
    "LBL-032",
    "security policy file has an element, attribute or code that nobody knows",
    "remove it, or put it into extensions: what is not understood might have restricted something",
)
SPIF_VALUE = Code(
    "LBL-033",
    "security policy file lacks an attribute or has it in a wrong form",
    "correct the file, best at its source",
)
SPIF_DUPLICATE = Code("LBL-034", "security policy file says a thing twice", "correct the file, best at its source")
SPIF_REFERENCE = Code(
    "LBL-035", "security policy file refers to what it does not have", "correct the file, best at its source"
)
SPIF_LIMIT = Code(
    "LBL-036", "security policy file is larger than any policy needs", "split the policy, or remove what is obsolete"
)
POLICY_TWICE = Code(
    "LBL-037", "two security policies have one name or one identifier", "install each security policy once"
)
BAD_EQUIVALENCE = Code(
    "LBL-038",
    "equivalence says what the two security policies do not bear out",
    "correct it in policy.toml, and have it signed off anew",
)
NOT_SIGNED_OFF = Code("LBL-039", "nobody has signed off the equivalence", "name who answers for it, and since when")
NO_REVIEW_TIME = Code(
    "LBL-040", "label has neither review time nor succession", "add ReviewDateTime, or let policy complete the label"
)
FOREIGN_CONTENT = Code(
    "LBL-041", "label has content that the standard does not name, or forbids", "have its originator remove it"
)
WRONG_POLICY_URI = Code(
    "LBL-042",
    "label's policy URI is not that of its security policy",
    "correct PolicyIdentifier/@URI: urn:oid: and the policy's OID, or none",
)
WRONG_POLICY = Code("LBL-043", "label is of another security policy", "decide it by that policy")
UNKNOWN_CLASSIFICATION = Code("LBL-044", "security policy does not know the classification", "use one that it knows")
UNKNOWN_TAG_SET = Code("LBL-045", "security policy does not know the tag set", "use one that it knows")
UNKNOWN_VALUE = Code("LBL-046", "tag set does not have the value", "use one that it has")
LOOK_ALIKE = Code(
    "LBL-047", "word only looks like one that security policies use", "write it in its normal form (NFKC)"
)
WRONG_TYPE = Code(
    "LBL-048",
    "category's type is not the one that the security policy gives it",
    "send it as RESTRICTIVE, PERMISSIVE or INFORMATIVE, as the policy says",
)
TWO_TYPES = Code("LBL-049", "tag set stands in two categories of different type", "send one category for each tag set")
WRONG_TAG_URI = Code("LBL-050", "category's URI is not that of its tag set", "correct Category/@URI, or leave it out")
OBSOLETE = Code("LBL-051", "word is obsolete and no longer for new labels", "choose a current one")
NOT_VALID_NOW = Code(
    "LBL-052",
    "security policy or value is not valid at this time",
    "use what is valid now, or install the current policy file",
)
CLASS_EXCLUDED = Code("LBL-053", "value does not go with the classification", "choose another classification or value")
CATEGORY_MISSING = Code("LBL-054", "label lacks a category that goes with what it says", "add the category")
CATEGORY_EXCLUDED = Code("LBL-055", "label has a value beside one that excludes it", "leave one of the two out")
WRONG_NUMBER = Code("LBL-056", "tag has more or fewer values than it may", "choose as many as the security policy lets")
WRONG_CONTEXT = Code(
    "LBL-057",
    "context of the label is not as its policy wants it",
    "give exactly one context, add Releasable just when there is a Releasable To, and repeat the context there",
)
WRONG_ADMINISTRATIVE = Code("LBL-058", "administrative category on a classified label", "use it at UNCLASSIFIED alone")
UNKNOWN_PRIVACY_MARK = Code("LBL-059", "security policy does not know the privacy mark", "use one that it knows")
WRONG_SUCCESSION = Code(
    "LBL-060",
    "label's succession cannot be decided on",
    "name successors of the same security policy, at most eight, each later than the one before",
)

CODES = (
    NOT_XML,
    OUT_OF_BOUNDS,
    WRONG_ELEMENT,
    WRONG_ATTRIBUTE,
    MISSING,
    BAD_VALUE,
    BAD_TIME,
    MIXED,
    TWO_LABELS,
    NO_LABEL,
    BAD_EXTENSION,
    BAD_TEXT,
    NO_CREATION_TIME,
    NOT_SAYABLE,
    BAD_BINDING,
    SPIF_MALFORMED,
    SPIF_VERSION,
    SPIF_UNKNOWN,
    SPIF_VALUE,
    SPIF_DUPLICATE,
    SPIF_REFERENCE,
    SPIF_LIMIT,
    POLICY_TWICE,
    BAD_EQUIVALENCE,
    NOT_SIGNED_OFF,
    NO_REVIEW_TIME,
    FOREIGN_CONTENT,
    WRONG_POLICY_URI,
    WRONG_POLICY,
    UNKNOWN_CLASSIFICATION,
    UNKNOWN_TAG_SET,
    UNKNOWN_VALUE,
    LOOK_ALIKE,
    WRONG_TYPE,
    TWO_TYPES,
    WRONG_TAG_URI,
    OBSOLETE,
    NOT_VALID_NOW,
    CLASS_EXCLUDED,
    CATEGORY_MISSING,
    CATEGORY_EXCLUDED,
    WRONG_NUMBER,
    WRONG_CONTEXT,
    WRONG_ADMINISTRATIVE,
    UNKNOWN_PRIVACY_MARK,
    WRONG_SUCCESSION,
)
