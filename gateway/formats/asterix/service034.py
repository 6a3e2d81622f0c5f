"""CAT034 records (edition 1.29): a radar's word about itself. They carry no track; the session learns from them."""

from __future__ import annotations

from gateway.formats.asterix.session import Session
from gateway.formats.asterix.track048 import impossible, instant, missing
from gateway.geodesy import Site

NORTH_MARKER = 1
SECTOR_CROSSING = 2
WGS_LSB_DEG = 180 / 2**23  # I034/120


def learn(session: Session, slots: list[bytes], offset: int) -> None:
    """Take one record into the session; `FormatError` when the record cannot be what the edition says."""
    i010, i000, i030, i020, i041, i050, *_ = slots
    i120 = slots[10]
    if not i010 or not i000:
        raise missing("I034/010" if not i010 else "I034/000", offset)
    service = session.service(i010)
    if i030:
        service.last_time = instant(session, i030, "I034/030", offset)
    if i120:
        height = int.from_bytes(i120[:2], "big", signed=True)
        latitude = int.from_bytes(i120[2:5], "big", signed=True) * WGS_LSB_DEG
        longitude = int.from_bytes(i120[5:], "big", signed=True) * WGS_LSB_DEG
        if not -90 <= latitude <= 90:
            raise impossible("I034/120", f"latitude {latitude:.6f}", offset)
        service.site = Site(latitude_deg=latitude, longitude_deg=longitude, altitude_msl_m=float(height))
        session.learn_site(i010, service.site)
    if i000[0] == NORTH_MARKER:
        service.north_markers += 1
    elif i000[0] == SECTOR_CROSSING:
        service.sector_crossings += 1
    else:
        service.other_messages += 1
    if i020:
        service.last_sector_deg = i020[0] * 360 / 256
    if i041:
        service.rotation_period_s = int.from_bytes(i041, "big") / 128
    if i050 and i050[0] & 0x80:
        service.released = not i050[1] & 0x80
