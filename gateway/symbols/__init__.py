"""Vocabularies of what an object is and who it is said to be, mapped to the canonical track and back.

Takes: codes: CoT types, 15-letter (MIL-STD-2525C, APP-6B) and 20-digit (MIL-STD-2525D, APP-6D) symbol codes, SAPIENT
classes, Remote ID aircraft types, ASTERIX emitter categories; or environment, identity and platform of a track.
Gives: environment, identity and platform, or the code for them, each with the losses that no table can avoid.
Fails: with `BadSymbolError`, and only for a text that is no code of its vocabulary at all.
Trusts: nobody. An identity is read only where the code declares one, joker and faker only in an exercise, and no chain
of conversions makes a suspect hostile.
"""

from gateway.symbols.charlie import from_sidc15, to_sidc15
from gateway.symbols.cot import cot_of_sidc15, from_cot, sidc15_of_cot
from gateway.symbols.delta import from_sidc20, to_sidc20
from gateway.symbols.editions import sidc15_to_sidc20, sidc20_to_sidc15
from gateway.symbols.emitters import from_emitter_category, to_emitter_category
from gateway.symbols.meaning import BadSymbolError, Context, Meaning, Written
from gateway.symbols.platforms import PLATFORMS, broader
from gateway.symbols.remote_id import from_remote_id, to_remote_id
from gateway.symbols.sapient import from_sapient, to_sapient

__all__ = [
    "PLATFORMS",
    "BadSymbolError",
    "Context",
    "Meaning",
    "Written",
    "broader",
    "cot_of_sidc15",
    "from_cot",
    "from_emitter_category",
    "from_remote_id",
    "from_sapient",
    "from_sidc15",
    "from_sidc20",
    "sidc15_of_cot",
    "sidc15_to_sidc20",
    "sidc20_to_sidc15",
    "to_emitter_category",
    "to_remote_id",
    "to_sapient",
    "to_sidc15",
    "to_sidc20",
]
