"""ASTERIX category 062 edition 1.21 (2025-06-05): generated from
cat062-cat-1.21.ast of asterix-specs by gateway/formats/asterix/generate.py. Do not edit.
"""
# The definitions carry this notice:
#
# Copyright (c) 2019, KZPS
#
# All rights reserved.
#
# Redistribution and use in source and binary forms, with or without
# modification, are permitted provided that the following conditions are met:
#
#     * Redistributions of source code must retain the above copyright
#       notice, this list of conditions and the following disclaimer.
#
#     * Redistributions in binary form must reproduce the above
#       copyright notice, this list of conditions and the following
#       disclaimer in the documentation and/or other materials provided
#       with the distribution.
#
#     * Neither the name of the copyright holder nor the names of other
#       contributors may be used to endorse or promote products derived
#       from this software without specific prior written permission.
#
# THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS
# "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
# LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR
# A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
# OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
# SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
# LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
# DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY
# THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
# (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
# OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.

from fractions import Fraction as F

from gateway.formats.asterix.spec import (
    Bds, Bounds, Case, Category, Compound, Element, Explicit, Extended, Group, Integer, Named, Quantity,
    Raw, Repetitive, Spare, Table, Text,
)

CATEGORY = Category(62, '1.21', '2025-06-05', 'SDPS Track Messages', {
 '010': Named('010', 'Data Source Identifier', Group((
  Named('SAC', 'System Area Code', Element(8, Raw())),
  Named('SIC', 'System Identification Code', Element(8, Raw())),
 ))),
 '015': Named('015', 'Service Identification', Element(8, Raw())),
 '040': Named('040', 'Track Number', Element(16, Raw())),
 '060': Named('060', 'Track Mode 3/A Code', Group((
  Named('V', 'Validated', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', 'Garbled', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Named('CH', 'Change in Mode 3/A', Element(1, Table({
   0: 'No change',
   1: 'Mode 3/A has changed',
  }))),
  Spare(1),
  Named('MODE3A', 'Mode-3/A Reply in Octal Representation', Element(12, Text('octal'))),
 ))),
 '070': Named('070', 'Time Of Track Information', Element(24, Quantity(False, F(1, 128), 's', Bounds()))),
 '080': Named('080', 'Track Status', Extended((
  (
   Named('MON', '', Element(1, Table({
    0: 'Multisensor track',
    1: 'Monosensor track',
   }))),
   Named('SPI', '', Element(1, Table({
    0: 'Default value',
    1: 'SPI present in the last report received from a sensor capable of decoding this data',
   }))),
   Named('MRH', 'Most Reliable Height', Element(1, Table({
    0: 'Barometric altitude (Mode C) more reliable',
    1: 'Geometric altitude more reliable',
   }))),
   Named('SRC', 'Source of Calculated Track Altitude for I062/130', Element(3, Table({
    0: 'No source',
    1: 'GNSS',
    2: '3D radar',
    3: 'Triangulation',
    4: 'Height from coverage',
    5: 'Speed look-up table',
    6: 'Default height',
    7: 'Multilateration',
   }))),
   Named('CNF', '', Element(1, Table({
    0: 'Confirmed track',
    1: 'Tentative track',
   }))),
  ),
  (
   Named('SIM', '', Element(1, Table({
    0: 'Actual track',
    1: 'Simulated track',
   }))),
   Named('TSE', '', Element(1, Table({
    0: 'Default value',
    1: 'Last message transmitted to the user for the track',
   }))),
   Named('TSB', '', Element(1, Table({
    0: 'Default value',
    1: 'First message transmitted to the user for the track',
   }))),
   Named('FPC', '', Element(1, Table({
    0: 'Not flight-plan correlated',
    1: 'Flight plan correlated',
   }))),
   Named('AFF', '', Element(1, Table({
    0: 'Default value',
    1: 'ADS-B data inconsistent with other surveillance information',
   }))),
   Named('STP', '', Element(1, Table({
    0: 'Default value',
    1: 'Slave Track Promotion',
   }))),
   Named('KOS', '', Element(1, Table({
    0: 'Complementary service used',
    1: 'Background service used',
   }))),
  ),
  (
   Named('AMA', '', Element(1, Table({
    0: 'Track not resulting from amalgamation process',
    1: 'Track resulting from amalgamation process',
   }))),
   Named('MD4', '', Element(2, Table({
    0: 'No Mode 4 interrogation',
    1: 'Friendly target',
    2: 'Unknown target',
    3: 'No reply',
   }))),
   Named('ME', '', Element(1, Table({
    0: 'Default value',
    1: 'Military Emergency present in the last report received from a sensor capable of decoding this data',
   }))),
   Named('MI', '', Element(1, Table({
    0: 'Default value',
    1: 'Military Identification present in the last report received from a sensor capable of decoding this data',
   }))),
   Named('MD5', '', Element(2, Table({
    0: 'No Mode 5 interrogation',
    1: 'Friendly target',
    2: 'Unknown target',
    3: 'No reply',
   }))),
  ),
  (
   Named('CST', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received track update is higher than system dependent threshold (coasting)',
   }))),
   Named('PSR', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received PSR track update is higher than system dependent threshold',
   }))),
   Named('SSR', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received SSR track update is higher than system dependent threshold',
   }))),
   Named('MDS', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received Mode S track update is higher than system dependent threshold',
   }))),
   Named('ADS', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received ADS-B track update is higher than system dependent threshold',
   }))),
   Named('SUC', '', Element(1, Table({
    0: 'Default value',
    1: 'Special Used Code (Mode A codes to be defined in the system to mark a track with special interest)',
   }))),
   Named('AAC', '', Element(1, Table({
    0: 'Default value',
    1: 'Assigned Mode A Code Conflict (same discrete Mode A Code assigned to another track)',
   }))),
  ),
  (
   Named('SDS', '', Element(2, Table({
    0: 'Combined',
    1: 'Co-operative only',
    2: 'Non-Cooperative only',
    3: 'Not defined',
   }))),
   Named('EMS', '', Element(3, Table({
    0: 'No emergency',
    1: 'General emergency',
    2: 'Lifeguard / medical',
    3: 'Minimum fuel',
    4: 'No communications',
    5: 'Unlawful interference',
    6: 'Downed Aircraft',
    7: 'Undefined',
   }))),
   Named('PFT', '', Element(1, Table({
    0: 'No indication',
    1: 'Potential False Track Indication',
   }))),
   Named('FPLT', '', Element(1, Table({
    0: 'Default value',
    1: 'Track created / updated with FPL data',
   }))),
  ),
  (
   Named('DUPT', '', Element(1, Table({
    0: 'Default value',
    1: 'Duplicate Mode 3/A Code',
   }))),
   Named('DUPF', '', Element(1, Table({
    0: 'Default value',
    1: 'Duplicate Flight Plan',
   }))),
   Named('DUPM', '', Element(1, Table({
    0: 'Default value',
    1: 'Duplicate Flight Plan due to manual correlation',
   }))),
   Named('SFC', '', Element(1, Table({
    0: 'Default value',
    1: 'Surface target',
   }))),
   Named('IDD', '', Element(1, Table({
    0: 'No indication',
    1: 'Duplicate Flight-ID',
   }))),
   Named('IEC', '', Element(1, Table({
    0: 'Default value',
    1: 'Inconsistent Emergency Code',
   }))),
   Named('MLAT', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received MLAT track updateis higher than system dependent threshold',
   }))),
  ),
  (
   Named('M5I', '', Element(1, Table({
    0: 'Default value',
    1: 'Age of the last received Mode-5 interrogation track update is higher than system dependent threshold',
   }))),
   Spare(6),
  ),
 ))),
 '100': Named('100', 'Calculated Track Position (Cartesian)', Group((
  Named('X', 'X Coordinate', Element(24, Quantity(True, F(1, 2), 'm', Bounds()))),
  Named('Y', 'Y Coordinate', Element(24, Quantity(True, F(1, 2), 'm', Bounds()))),
 ))),
 '105': Named('105', 'Calculated Position In WGS-84 Co-ordinates', Group((
  Named('LAT', 'Latitude', Element(32, Quantity(True, F(45, 8388608), '°', Bounds(low=F(-90), high=F(90))))),
  Named('LON', 'Longitude', Element(32, Quantity(True, F(45, 8388608), '°', Bounds(low=F(-180), high=F(180), high_exclusive=True)))),
 ))),
 '110': Named('110', 'Mode 5 Data Reports and Extended Mode 1 Code', Compound((
  Named('SUM', 'Mode 5 Summary', Group((
   Named('M5', '', Element(1, Table({
    0: 'No Mode 5 interrogation',
    1: 'Mode 5 interrogation',
   }))),
   Named('ID', '', Element(1, Table({
    0: 'No authenticated Mode 5 ID reply',
    1: 'Authenticated Mode 5 ID reply',
   }))),
   Named('DA', '', Element(1, Table({
    0: 'No authenticated Mode 5 Data reply or Report',
    1: 'Authenticated Mode 5 Data reply or Report (i.e any valid Mode 5 reply type other than ID)',
   }))),
   Named('M1', '', Element(1, Table({
    0: 'Mode 1 code not present or not from Mode 5 reply',
    1: 'Mode 1 code from Mode 5 reply',
   }))),
   Named('M2', '', Element(1, Table({
    0: 'Mode 2 code not present or not from Mode 5 reply',
    1: 'Mode 2 code from Mode 5 reply',
   }))),
   Named('M3', '', Element(1, Table({
    0: 'Mode 3 code not present or not from Mode 5 reply',
    1: 'Mode 3 code from Mode 5 reply',
   }))),
   Named('MC', '', Element(1, Table({
    0: 'Mode C altitude code not present or not from Mode 5 reply',
    1: 'Mode C altitude from Mode 5 reply',
   }))),
   Named('X', 'X-pulse from Mode 5 Data Reply or Report', Element(1, Table({
    0: 'X-pulse set to zero or no authenticated Data reply or Report received',
    1: 'X-pulse set to one',
   }))),
  ))),
  Named('PMN', 'Mode 5 PIN/ National Origin/Mission Code', Group((
   Spare(2),
   Named('PIN', 'PIN Code', Element(14, Raw())),
   Spare(3),
   Named('NAT', 'National Origin', Element(5, Raw())),
   Spare(2),
   Named('MIS', 'Mission Code', Element(6, Raw())),
  ))),
  Named('POS', 'Mode 5 Reported Position', Group((
   Named('LAT', 'Latitude', Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-90), high=F(90))))),
   Named('LON', 'Longitude', Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-180), high=F(180), high_exclusive=True)))),
  ))),
  Named('GA', 'Mode 5 GNSS-derived Altitude', Group((
   Spare(1),
   Named('RES', 'Resolution with which the GNSS-derived Altitude (GA) is Reported', Element(1, Table({
    0: 'GA reported in 100 ft increments',
    1: 'GA reported in 25 ft increments',
   }))),
   Named('GA', 'GNSS-derived Altitude of Target, Expressed as Height Above WGS 84 Ellipsoid', Element(14, Quantity(True, F(25), 'ft', Bounds(low=F(-1000))))),
  ))),
  Named('EM1', 'Extended Mode 1 Code in Octal Representation', Group((
   Spare(4),
   Named('EM1', 'Extended Mode 1 Reply in Octal Representation', Element(12, Text('octal'))),
  ))),
  Named('TOS', 'Time Offset for POS and GA', Element(8, Quantity(True, F(1, 128), 's', Bounds()))),
  Named('XP', 'X Pulse Presence', Group((
   Spare(3),
   Named('X5', 'X-pulse from Mode 5 Data Reply or Report', Element(1, Table({
    0: 'X-pulse set to zero or no authenticated Data reply or Report received',
    1: 'X-pulse set to one (present)',
   }))),
   Named('XC', 'X-pulse from Mode C Reply', Element(1, Table({
    0: 'X-pulse set to zero or no Mode C reply',
    1: 'X-pulse set to one (present)',
   }))),
   Named('X3', 'X-pulse from Mode 3/A Reply', Element(1, Table({
    0: 'X-pulse set to zero or no Mode 3/A reply',
    1: 'X-pulse set to one (present)',
   }))),
   Named('X2', 'X-pulse from Mode 2 Reply', Element(1, Table({
    0: 'X-pulse set to zero or no Mode 2 reply',
    1: 'X-pulse set to one (present)',
   }))),
   Named('X1', 'X-pulse from Mode 1 Reply', Element(1, Table({
    0: 'X-pulse set to zero or no Mode 1 reply',
    1: 'X-pulse set to one (present)',
   }))),
  ))),
 ))),
 '120': Named('120', 'Track Mode 2 Code', Group((
  Spare(4),
  Named('MODE2', 'Mode-2 Code in Octal Representation', Element(12, Text('octal'))),
 ))),
 '130': Named('130', 'Calculated Track Geometric Altitude', Element(16, Quantity(True, F(25, 4), 'ft', Bounds(low=F(-1500), high=F(150000))))),
 '135': Named('135', 'Calculated Track Barometric Altitude', Group((
  Named('QNH', '', Element(1, Table({
   0: 'No QNH correction applied',
   1: 'QNH correction applied',
  }))),
  Named('CTB', 'Calculated Track Barometric Altitude', Element(15, Quantity(True, F(1, 4), 'FL', Bounds(low=F(-15), high=F(1500))))),
 ))),
 '136': Named('136', 'Measured Flight Level', Element(16, Quantity(True, F(1, 4), 'FL', Bounds(low=F(-15), high=F(1500))))),
 '185': Named('185', 'Calculated Track Velocity (Cartesian)', Group((
  Named('VX', 'Velocity (X-component)', Element(16, Quantity(True, F(1, 4), 'm/s', Bounds(low=F(-8192), high=F(32767, 4))))),
  Named('VY', 'Velocity (Y-component)', Element(16, Quantity(True, F(1, 4), 'm/s', Bounds(low=F(-8192), high=F(32767, 4))))),
 ))),
 '200': Named('200', 'Mode of Movement', Group((
  Named('TRANS', 'Transversal Acceleration', Element(2, Table({
   0: 'Constant course',
   1: 'Right turn',
   2: 'Left turn',
   3: 'Undetermined',
  }))),
  Named('LONG', 'Longitudinal Acceleration', Element(2, Table({
   0: 'Constant groundspeed',
   1: 'Increasing groundspeed',
   2: 'Decreasing groundspeed',
   3: 'Undetermined',
  }))),
  Named('VERT', 'Vertical Rate', Element(2, Table({
   0: 'Level',
   1: 'Climb',
   2: 'Descent',
   3: 'Undetermined',
  }))),
  Named('ADF', 'Altitude Discrepancy Flag', Element(1, Table({
   0: 'No altitude discrepancy',
   1: 'Altitude discrepancy',
  }))),
  Spare(1),
 ))),
 '210': Named('210', 'Calculated Acceleration (Cartesian)', Group((
  Named('AX', '', Element(8, Quantity(True, F(1, 4), 'm/s²', Bounds()))),
  Named('AY', '', Element(8, Quantity(True, F(1, 4), 'm/s²', Bounds()))),
 ))),
 '220': Named('220', 'Calculated Rate of Climb/Descent', Element(16, Quantity(True, F(25, 4), 'ft/min', Bounds()))),
 '245': Named('245', 'Target Identification', Group((
  Named('STI', '', Element(2, Table({
   0: 'Callsign or registration downlinked from target',
   1: 'Callsign not downlinked from target',
   2: 'Registration not downlinked from target',
   3: 'Invalid',
  }))),
  Spare(6),
  Named('CHR', 'Characters 1-8 (Coded on 6 Bits Each) Defining Target Identification', Element(48, Text('icao'))),
 ))),
 '270': Named('270', 'Target Size and Orientation', Extended((
  (
   Named('LENGTH', 'Length', Element(7, Quantity(False, F(1), 'm', Bounds()))),
  ),
  (
   Named('ORIENTATION', 'Orientation', Element(7, Quantity(False, F(45, 16), '°', Bounds()))),
  ),
  (
   Named('WIDTH', 'Width', Element(7, Quantity(False, F(1), 'm', Bounds()))),
  ),
 ))),
 '290': Named('290', 'System Track Update Ages', Compound((
  Named('TRK', 'Track Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('PSR', 'PSR Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('SSR', 'SSR Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MDS', 'Mode S Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('ADS', 'ADS-C Age', Element(16, Quantity(False, F(1, 4), 's', Bounds(high=F(65535, 4))))),
  Named('ES', 'ADS-B Extended Squitter Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('VDL', 'ADS-B VDL Mode 4 Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('UAT', 'ADS-B UAT Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('LOP', 'Loop Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MLT', 'Multilateration Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
 ))),
 '295': Named('295', 'Track Data Ages', Compound((
  Named('MFL', 'Measured Flight Level Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MD1', 'Mode 1 Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MD2', 'Mode 2 Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MDA', 'Mode 3/A Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MD4', 'Mode 4 Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MD5', 'Mode 5 Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MHG', 'Magnetic Heading Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('IAS', 'Indicated Airspeed / Mach Nb Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('TAS', 'True Airspeed Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('SAL', 'Selected Altitude Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('FSS', 'Final State Selected Altitude Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('TID', 'Trajectory Intent Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('COM', 'Communication/ACAS Capability and Flight Status Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('SAB', 'Status Reported by ADS-B Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('ACS', 'ACAS Resolution Advisory Report Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('BVR', 'Barometric Vertical Rate Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('GVR', 'Geometrical Vertical Rate Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('RAN', 'Roll Angle Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('TAR', 'Track Angle Rate Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('TAN', 'Track Angle Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('GSP', 'Ground Speed Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('VUN', 'Velocity Uncertainty Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MET', 'Meteorological Data Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('EMC', 'Emitter Category Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('POS', 'Position Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('GAL', 'Geometric Altitude Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('PUN', 'Position Uncertainty Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MB', 'BDS Register Data Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('IAR', 'Indicated Airspeed Data Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('MAC', 'Mach Number Data Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
  Named('BPS', 'Barometric Pressure Setting Data Age', Element(8, Quantity(False, F(1, 4), 's', Bounds(high=F(255, 4))))),
 ))),
 '300': Named('300', 'Vehicle Fleet Identification', Element(8, Table({
  0: 'Unknown',
  1: 'ATC equipment maintenance',
  2: 'Airport maintenance',
  3: 'Fire',
  4: 'Bird scarer',
  5: 'Snow plough',
  6: 'Runway sweeper',
  7: 'Emergency',
  8: 'Police',
  9: 'Bus',
  10: 'Tug (push/tow)',
  11: 'Grass cutter',
  12: 'Fuel',
  13: 'Baggage',
  14: 'Catering',
  15: 'Aircraft maintenance',
  16: 'Flyco (follow me)',
 }))),
 '340': Named('340', 'Measured Information', Compound((
  Named('SID', 'Sensor Identification', Group((
   Named('SAC', 'System Area Code', Element(8, Raw())),
   Named('SIC', 'System Identification Code', Element(8, Raw())),
  ))),
  Named('POS', 'Measured Position', Group((
   Named('RHO', 'Measured Distance', Element(16, Quantity(False, F(1, 256), 'NM', Bounds(high=F(256))))),
   Named('THETA', 'Measured Azimuth', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
  ))),
  Named('HEIGHT', 'Measured 3-D Height', Element(16, Quantity(True, F(25), 'ft', Bounds()))),
  Named('MDC', '', Group((
   Named('V', 'Validated', Element(1, Table({
    0: 'Code validated',
    1: 'Code not validated',
   }))),
   Named('G', 'Garbled', Element(1, Table({
    0: 'Default',
    1: 'Garbled code',
   }))),
   Named('LMC', 'Last Measured Mode C Code', Element(14, Quantity(True, F(1, 4), 'FL', Bounds(low=F(-12), high=F(1270))))),
  ))),
  Named('MDA', '', Group((
   Named('V', 'Validated', Element(1, Table({
    0: 'Code validated',
    1: 'Code not validated',
   }))),
   Named('G', 'Garbled', Element(1, Table({
    0: 'Default',
    1: 'Garbled code',
   }))),
   Named('L', '', Element(1, Table({
    0: 'Mode 3/A code as derived from the reply of the transponder',
    1: 'Mode 3/A code as provided by a sensor local tracker',
   }))),
   Spare(1),
   Named('MODE3A', 'Mode-3/A Reply in Octal Representation', Element(12, Text('octal'))),
  ))),
  Named('TYP', '', Group((
   Named('TYP', 'Report Type', Element(3, Table({
    0: 'No detection',
    1: 'Single PSR detection',
    2: 'Single SSR detection',
    3: 'SSR + PSR detection',
    4: 'Single ModeS All-Call',
    5: 'Single ModeS Roll-Call',
    6: 'ModeS All-Call + PSR',
    7: 'ModeS Roll-Call + PSR',
   }))),
   Named('SIM', '', Element(1, Table({
    0: 'Actual target report',
    1: 'Simulated target report',
   }))),
   Named('RAB', '', Element(1, Table({
    0: 'Report from target transponder',
    1: 'Report from field monitor (item transponder)',
   }))),
   Named('TST', '', Element(1, Table({
    0: 'Real target report',
    1: 'Test target report',
   }))),
   Spare(2),
  ))),
 ))),
 '380': Named('380', 'Aircraft Derived Data', Compound((
  Named('ADR', 'Target Address', Element(24, Raw())),
  Named('ID', 'Target Identification', Element(48, Text('icao'))),
  Named('MHG', 'Magnetic Heading', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
  Named('IAS', 'Indicated Airspeed/Mach No', Group((
   Named('IM', '', Element(1, Table({
    0: 'Air Speed = IAS, LSB (Bit-1) = 2^-14 NM/s',
    1: 'Air Speed = Mach, LSB (Bit-1) = 0.001',
   }))),
   Named('IAS', '', Element(15, Case('IM', {
    0: Quantity(False, F(1, 16384), 'NM/s', Bounds()),
    1: Quantity(False, F(1, 1000), 'Mach', Bounds()),
   }, Raw()))),
  ))),
  Named('TAS', 'True Airspeed', Element(16, Quantity(False, F(1), 'kt', Bounds(low=F(0), high=F(2046))))),
  Named('SAL', 'Selected Altitude', Group((
   Named('SAS', '', Element(1, Table({
    0: 'No source information provided',
    1: 'Source information provided',
   }))),
   Named('SRC', '', Element(2, Table({
    0: 'Unknown',
    1: 'Aircraft altitude',
    2: 'FCU/MCP selected altitude',
    3: 'FMS selected altitude',
   }))),
   Named('ALT', "Altitude in Two's Complement Form", Element(13, Quantity(True, F(25), 'ft', Bounds(low=F(-1300), high=F(100000))))),
  ))),
  Named('FSS', 'Final State Selected Altitude', Group((
   Named('MV', 'Manage Vertical Mode', Element(1, Table({
    0: 'Not active',
    1: 'Active',
   }))),
   Named('AH', 'Altitude Hold', Element(1, Table({
    0: 'Not active',
    1: 'Active',
   }))),
   Named('AM', 'Approach Mode', Element(1, Table({
    0: 'Not active',
    1: 'Active',
   }))),
   Named('ALT', "Altitude in Two's Complement Form", Element(13, Quantity(True, F(25), 'ft', Bounds(low=F(-1300), high=F(100000))))),
  ))),
  Named('TIS', 'Trajectory Intent Status', Extended((
   (
    Named('NAV', 'TID Available', Element(1, Table({
     0: 'Trajectory intent data is available for this aircraft',
     1: 'Trajectory intent data is not available for this aircraft',
    }))),
    Named('NVB', 'TID Valid', Element(1, Table({
     0: 'Trajectory intent data is valid',
     1: 'Trajectory intent data is not valid',
    }))),
    Spare(5),
   ),
  ))),
  Named('TID', 'Trajectory Intent Data', Repetitive(True, Group((
   Named('TCA', 'TCP Number Availability', Element(1, Table({
    0: 'TCP number available',
    1: 'TCP number not available',
   }))),
   Named('NC', 'TCP Compliance', Element(1, Table({
    0: 'TCP compliance',
    1: 'TCP non-compliance',
   }))),
   Named('TCPN', 'Trajectory Change Point Number', Element(6, Raw())),
   Named('ALT', "Altitude in Two's Complement Form", Element(16, Quantity(True, F(10), 'ft', Bounds(low=F(-1500), high=F(150000))))),
   Named('LAT', "Latitude in WGS.84 in Two's Complement", Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-90), high=F(90))))),
   Named('LON', "Longitude in WGS.84 in Two's Complement", Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-180), high=F(180), high_exclusive=True)))),
   Named('PT', 'Point Type', Element(4, Table({
    0: 'Unknown',
    1: 'Fly by waypoint (LT)',
    2: 'Fly over waypoint (LT)',
    3: 'Hold pattern (LT)',
    4: 'Procedure hold (LT)',
    5: 'Procedure turn (LT)',
    6: 'RF leg (LT)',
    7: 'Top of climb (VT)',
    8: 'Top of descent (VT)',
    9: 'Start of level (VT)',
    10: 'Cross-over altitude (VT)',
    11: 'Transition altitude (VT)',
   }))),
   Named('TD', 'Turn Direction', Element(2, Table({
    0: 'N/A',
    1: 'Turn right',
    2: 'Turn left',
    3: 'No turn',
   }))),
   Named('TRA', 'Turn Radius Availability', Element(1, Table({
    0: 'TTR not available',
    1: 'TTR available',
   }))),
   Named('TOA', 'TOV Available', Element(1, Table({
    0: 'TOV available',
    1: 'TOV not available',
   }))),
   Named('TOV', 'Time Over Point', Element(24, Quantity(False, F(1), 's', Bounds()))),
   Named('TTR', 'TCP Turn Radius', Element(16, Quantity(False, F(1, 100), 'NM', Bounds(low=F(0), high=F(13107, 20))))),
  )))),
  Named('COM', 'Communications/ACAS Capability and Flight Status', Group((
   Named('COM', 'Communications Capability of the Transponder', Element(3, Table({
    0: 'No communications capability (surveillance only)',
    1: 'Comm. A and Comm. B capability',
    2: 'Comm. A, Comm. B and Uplink ELM',
    3: 'Comm. A, Comm. B, Uplink ELM and Downlink ELM',
    4: 'Level 5 Transponder capability',
    5: 'Not assigned',
    6: 'Not assigned',
    7: 'Not assigned',
   }))),
   Named('STAT', 'Flight Status', Element(3, Table({
    0: 'No alert, no SPI, aircraft airborne',
    1: 'No alert, no SPI, aircraft on ground',
    2: 'Alert, no SPI, aircraft airborne',
    3: 'Alert, no SPI, aircraft on ground',
    4: 'Alert, SPI, aircraft airborne or on ground',
    5: 'No alert, SPI, aircraft airborne or on ground',
    6: 'Not defined',
    7: 'Unknown or not yet extracted',
   }))),
   Spare(2),
   Named('SSC', 'Specific Service Capability', Element(1, Table({
    0: 'No',
    1: 'Yes',
   }))),
   Named('ARC', 'Altitude Reporting Capability', Element(1, Table({
    0: '100 ft resolution',
    1: '25 ft resolution',
   }))),
   Named('AIC', 'Aircraft Identification Capability', Element(1, Table({
    0: 'No',
    1: 'Yes',
   }))),
   Named('B1A', 'BDS 1,0 Bit 16', Element(1, Raw())),
   Named('B1B', 'BDS BDS 1,0 Bits 37/40', Element(4, Raw())),
  ))),
  Named('SAB', 'Status Reported by ADS-B', Group((
   Named('AC', 'ACAS Status', Element(2, Table({
    0: 'Unknown',
    1: 'ACAS not operational',
    2: 'ACAS operational',
    3: 'Invalid',
   }))),
   Named('MN', 'Multiple Navigational Aids Status', Element(2, Table({
    0: 'Unknown',
    1: 'Multiple navigational aids not operating',
    2: 'Multiple navigational aids operating',
    3: 'Invalid',
   }))),
   Named('DC', 'Differential Correction Status', Element(2, Table({
    0: 'Unknown',
    1: 'Differential correction',
    2: 'No differential correction',
    3: 'Invalid',
   }))),
   Named('GBS', 'Ground Bit Set', Element(1, Table({
    0: 'Transponder ground bit not set or unknown',
    1: 'Transponder Ground Bit set',
   }))),
   Spare(6),
   Named('STAT', 'Flight Status', Element(3, Table({
    0: 'No emergency',
    1: 'General emergency',
    2: 'Lifeguard / medical',
    3: 'Minimum fuel',
    4: 'No communications',
    5: 'Unlawful interference',
    6: 'Downed Aircraft',
    7: 'Unknown',
   }))),
  ))),
  Named('ACS', 'ACAS Resolution Advisory Report', Element(56, Bds(48))),
  Named('BVR', 'Barometric Vertical Rate', Element(16, Quantity(True, F(25, 4), 'ft/min', Bounds()))),
  Named('GVR', 'Geometric Vertical Rate', Element(16, Quantity(True, F(25, 4), 'ft/min', Bounds()))),
  Named('RAN', 'Roll Angle', Element(16, Quantity(True, F(1, 100), '°', Bounds(low=F(-180), high=F(180))))),
  Named('TAR', 'Track Angle Rate', Group((
   Named('TI', 'Turn Indicator', Element(2, Table({
    0: 'Not available',
    1: 'Left',
    2: 'Right',
    3: 'Straight',
   }))),
   Spare(6),
   Named('ROT', "Rate of Turn in Two's Complement Form", Element(7, Quantity(True, F(1, 4), '°/s', Bounds(low=F(-15), high=F(15))))),
   Spare(1),
  ))),
  Named('TAN', 'Track Angle', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
  Named('GS', 'Ground Speed', Element(16, Quantity(True, F(1, 16384), 'NM/s', Bounds(low=F(-2), high=F(2), high_exclusive=True)))),
  Named('VUN', 'Velocity Uncertainty', Element(8, Raw())),
  Named('MET', 'Meteorological Data', Group((
   Named('WS', 'Wind Speed Valid Flag', Element(1, Table({
    0: 'Not valid Wind Speed',
    1: 'Valid Wind Speed',
   }))),
   Named('WD', 'Wind Direction Valid Flag', Element(1, Table({
    0: 'Not valid Wind Direction',
    1: 'Valid Wind Direction',
   }))),
   Named('TMP', 'Temperature Valid Flag', Element(1, Table({
    0: 'Not valid Temperature',
    1: 'Valid Temperature',
   }))),
   Named('TRB', 'Turbulence Valid Flag', Element(1, Table({
    0: 'Not valid Turbulence',
    1: 'Valid Turbulence',
   }))),
   Spare(4),
   Named('WSD', 'Wind Speed', Element(16, Quantity(False, F(1), 'kt', Bounds(low=F(0), high=F(300))))),
   Named('WDD', 'Wind Direction', Element(16, Quantity(False, F(1), '°', Bounds(low=F(1), high=F(360))))),
   Named('TMPD', 'Temperature in Degrees Celsius', Element(16, Quantity(True, F(1, 4), '°C', Bounds(low=F(-100), high=F(100))))),
   Named('TRBD', 'Turbulence', Element(8, Integer(False, Bounds(low=F(0), high=F(15))))),
  ))),
  Named('EMC', 'Emitter Category', Element(8, Table({
   1: 'Light aircraft =< 7000 kg',
   2: 'Reserved',
   3: '7000 kg < medium aircraft < 136000 kg',
   4: 'Reserved',
   5: '136000 kg <= heavy aircraft',
   6: 'Highly manoeuvrable (5g acceleration capability) and high speed (>400 knots cruise)',
   7: 'Reserved',
   8: 'Reserved',
   9: 'Reserved',
   10: 'Rotocraft',
   11: 'Glider / sailplane',
   12: 'Lighter-than-air',
   13: 'Unmanned aerial vehicle',
   14: 'Space / transatmospheric vehicle',
   15: 'Ultralight / handglider / paraglider',
   16: 'Parachutist / skydiver',
   17: 'Reserved',
   18: 'Reserved',
   19: 'Reserved',
   20: 'Surface emergency vehicle',
   21: 'Surface service vehicle',
   22: 'Fixed ground or tethered obstruction',
   23: 'Reserved',
   24: 'Reserved',
  }))),
  Named('POS', 'Position', Group((
   Named('LAT', "Latitude in WGS.84 in Two's Complement Form", Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-90), high=F(90))))),
   Named('LON', "Longitude in WGS.84 in Two's Complement Form", Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-180), high=F(180), high_exclusive=True)))),
  ))),
  Named('GAL', 'Geometric Altitude', Element(16, Quantity(True, F(25, 4), 'ft', Bounds(low=F(-1500), high=F(150000))))),
  Named('PUN', 'Position Uncertainty', Group((
   Spare(4),
   Named('PUN', 'Position Uncertainty', Element(4, Raw())),
  ))),
  Named('BDSDATA', 'BDS Register DATA', Repetitive(True, Element(64, Bds(None)))),
  Named('IAR', 'Indicated Airspeed', Element(16, Quantity(False, F(1), 'kt', Bounds(low=F(0), high=F(1100))))),
  Named('MAC', 'Mach Number', Element(16, Quantity(False, F(1, 125), 'Mach', Bounds(low=F(0), high=F(512, 125))))),
  Named('BPS', 'Barometric Pressure Setting', Group((
   Spare(4),
   Named('BPS', '', Element(12, Quantity(False, F(1, 10), 'mb', Bounds(low=F(0), high=F(819, 2))))),
  ))),
 ))),
 '390': Named('390', 'Flight Plan Related Data', Compound((
  Named('TAG', 'FPPS Identification Tag', Group((
   Named('SAC', 'System Area Code', Element(8, Raw())),
   Named('SIC', 'System Identification Code', Element(8, Raw())),
  ))),
  Named('CS', 'Callsign', Element(56, Text('ascii'))),
  Named('IFI', 'IFPS_FLIGHT_ID', Group((
   Named('TYP', '', Element(2, Table({
    0: 'Plan Number',
    1: 'Unit 1 internal flight number',
    2: 'Unit 2 internal flight number',
    3: 'Unit 3 internal flight number',
   }))),
   Spare(3),
   Named('NBR', 'Number from 0 to 99 999 999', Element(27, Integer(False, Bounds(low=F(0), high=F(99999999))))),
  ))),
  Named('FCT', 'Flight Category', Group((
   Named('GATOAT', '', Element(2, Table({
    0: 'Unknown',
    1: 'General Air Traffic',
    2: 'Operational Air Traffic',
    3: 'Not applicable',
   }))),
   Named('FR1FR2', '', Element(2, Table({
    0: 'Instrument Flight Rules',
    1: 'Visual Flight Rules',
    2: 'Not applicable',
    3: 'Controlled Visual Flight Rules',
   }))),
   Named('RVSM', '', Element(2, Table({
    0: 'Unknown',
    1: 'Approved',
    2: 'Exempt',
    3: 'Not Approved',
   }))),
   Named('HPR', '', Element(1, Table({
    0: 'Normal Priority Flight',
    1: 'High Priority Flight',
   }))),
   Spare(1),
  ))),
  Named('TAC', 'Type of Aircraft', Element(32, Text('ascii'))),
  Named('WTC', 'Wake Turbulence Category', Element(8, Text('ascii'))),
  Named('DEP', 'Departure Airport', Element(32, Text('ascii'))),
  Named('DST', 'Destination Airport', Element(32, Text('ascii'))),
  Named('RDS', 'Runway Designation', Group((
   Named('NU1', 'First Number', Element(8, Text('ascii'))),
   Named('NU2', 'Second Number', Element(8, Text('ascii'))),
   Named('LTR', 'Letter', Element(8, Text('ascii'))),
  ))),
  Named('CFL', 'Current Cleared Flight Level', Element(16, Quantity(False, F(1, 4), 'FL', Bounds(high=F(1500), high_exclusive=True)))),
  Named('CTL', 'Current Control Position', Group((
   Named('CENTRE', '8-bit Group Identification Code', Element(8, Raw())),
   Named('POSITION', '8-bit Control Position Identification Code', Element(8, Raw())),
  ))),
  Named('TOD', 'Time of Departure / Arrival', Repetitive(True, Group((
   Named('TYP', '', Element(5, Table({
    0: 'Scheduled off-block time',
    1: 'Estimated off-block time',
    2: 'Estimated take-off time',
    3: 'Actual off-block time',
    4: 'Predicted time at runway hold',
    5: 'Actual time at runway hold',
    6: 'Actual line-up time',
    7: 'Actual take-off time',
    8: 'Estimated time of arrival',
    9: 'Predicted landing time',
    10: 'Actual landing time',
    11: 'Actual time off runway',
    12: 'Predicted time to gate',
    13: 'Actual on-block time',
   }))),
   Named('DAY', '', Element(2, Table({
    0: 'Today',
    1: 'Yesterday',
    2: 'Tomorrow',
    3: 'Invalid',
   }))),
   Spare(4),
   Named('HOR', 'Hours', Element(5, Integer(False, Bounds(low=F(0), high=F(23))))),
   Spare(2),
   Named('MIN', 'Minutes', Element(6, Integer(False, Bounds(low=F(0), high=F(59))))),
   Named('AVS', 'Seconds Available Flag', Element(1, Table({
    0: 'Seconds available',
    1: 'Seconds not available',
   }))),
   Spare(1),
   Named('SEC', 'Seconds', Element(6, Integer(False, Bounds(low=F(0), high=F(59))))),
  )))),
  Named('AST', 'Aircraft Stand', Element(48, Text('ascii'))),
  Named('STS', 'Stand Status', Group((
   Named('EMP', '', Element(2, Table({
    0: 'Empty',
    1: 'Occupied',
    2: 'Unknown',
    3: 'Invalid',
   }))),
   Named('AVL', '', Element(2, Table({
    0: 'Available',
    1: 'Not available',
    2: 'Unknown',
    3: 'Invalid',
   }))),
   Spare(4),
  ))),
  Named('STD', 'Standard Instrument Departure', Element(56, Text('ascii'))),
  Named('STA', 'Standard Instrument Arrival', Element(56, Text('ascii'))),
  Named('PEM', 'Pre-Emergency Mode 3/A', Group((
   Spare(3),
   Named('VA', '', Element(1, Table({
    0: 'No valid Mode 3/A available',
    1: 'Valid Mode 3/A available',
   }))),
   Named('MODE3A', 'Mode-3/A Reply in Octal Representation', Element(12, Text('octal'))),
  ))),
  Named('PEC', 'Pre-Emergency Callsign', Element(56, Text('ascii'))),
 ))),
 '500': Named('500', 'Estimated Accuracies', Compound((
  Named('APC', 'Estimated Accuracy Of Track Position (Cartesian)', Group((
   Named('X', 'APC (X-Component)', Element(16, Quantity(False, F(1, 2), 'm', Bounds()))),
   Named('Y', 'APC (Y-Component)', Element(16, Quantity(False, F(1, 2), 'm', Bounds()))),
  ))),
  Named('COV', 'XY Covariance Component', Element(16, Quantity(True, F(1, 2), 'm', Bounds()))),
  Named('APW', 'Estimated Accuracy Of Track Position (WGS-84)', Group((
   Named('LAT', 'APW (Latitude Component)', Element(16, Quantity(False, F(45, 8388608), '°', Bounds()))),
   Named('LON', 'APW (Longitude Component)', Element(16, Quantity(False, F(45, 8388608), '°', Bounds()))),
  ))),
  Named('AGA', 'Estimated Accuracy Of Calculated Track Geometric Altitude', Element(8, Quantity(False, F(25, 4), 'ft', Bounds()))),
  Named('ABA', 'Estimated Accuracy Of Calculated Track Barometric Altitude', Element(8, Quantity(False, F(1, 4), 'FL', Bounds()))),
  Named('ATV', 'Estimated Accuracy Of Track Velocity (Cartesian)', Group((
   Named('X', 'ATV (X-Component)', Element(8, Quantity(False, F(1, 4), 'm/s', Bounds()))),
   Named('Y', 'ATV (Y-Component)', Element(8, Quantity(False, F(1, 4), 'm/s', Bounds()))),
  ))),
  Named('AA', 'Estimated Accuracy Of Acceleration (Cartesian)', Group((
   Named('X', 'AA (X-Component)', Element(8, Quantity(False, F(1, 4), 'm/s²', Bounds()))),
   Named('Y', 'AA (Y-Component)', Element(8, Quantity(False, F(1, 4), 'm/s²', Bounds()))),
  ))),
  Named('ARC', 'Estimated Accuracy Of Rate Of Climb/Descent', Element(8, Quantity(False, F(25, 4), 'ft/min', Bounds()))),
 ))),
 '510': Named('510', 'Composed Track Number', Repetitive(False, Group((
  Named('IDENT', 'System Unit Identification', Element(8, Raw())),
  Named('TRACK', 'System Track Number', Element(15, Raw())),
 )))),
 'RE': Named('RE', 'Reserved Expansion Field', Explicit('re')),
 'SP': Named('SP', 'Special Purpose Field', Explicit('sp')),
}, (
 '010',
 None,
 '015',
 '070',
 '105',
 '100',
 '185',
 '210',
 '060',
 '245',
 '380',
 '040',
 '080',
 '290',
 '200',
 '295',
 '136',
 '130',
 '135',
 '220',
 '390',
 '270',
 '300',
 '110',
 '120',
 '510',
 '500',
 '340',
 None,
 None,
 None,
 None,
 None,
 'RE',
 'SP',
))
