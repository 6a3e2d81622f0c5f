"""ASTERIX category 048 edition 1.32 (2024-07-01): generated from
cat048-cat-1.32.ast of asterix-specs by gateway/formats/asterix/generate.py. Do not edit.
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

CATEGORY = Category(48, '1.32', '2024-07-01', 'Monoradar Target Reports', {
 '010': Named('010', 'Data Source Identifier', Group((
  Named('SAC', 'System Area Code', Element(8, Raw())),
  Named('SIC', 'System Identification Code', Element(8, Raw())),
 ))),
 '020': Named('020', 'Target Report Descriptor', Extended((
  (
   Named('TYP', '', Element(3, Table({
    0: 'No detection',
    1: 'Single PSR detection',
    2: 'Single SSR detection',
    3: 'SSR + PSR detection',
    4: 'Single ModeS All-Call',
    5: 'Single ModeS Roll-Call',
    6: 'ModeS All-Call + PSR',
    7: 'ModeS Roll-Call +PSR',
   }))),
   Named('SIM', '', Element(1, Table({
    0: 'Actual target report',
    1: 'Simulated target report',
   }))),
   Named('RDP', '', Element(1, Table({
    0: 'Report from RDP Chain 1',
    1: 'Report from RDP Chain 2',
   }))),
   Named('SPI', '', Element(1, Table({
    0: 'Absence of SPI',
    1: 'Special Position Identification',
   }))),
   Named('RAB', '', Element(1, Table({
    0: 'Report from aircraft transponder',
    1: 'Report from field monitor (fixed transponder)',
   }))),
  ),
  (
   Named('TST', '', Element(1, Table({
    0: 'Real target report',
    1: 'Test target report',
   }))),
   Named('ERR', '', Element(1, Table({
    0: 'No Extended Range',
    1: 'Extended Range present',
   }))),
   Named('XPP', '', Element(1, Table({
    0: 'No X-Pulse present',
    1: 'X-Pulse present',
   }))),
   Named('ME', '', Element(1, Table({
    0: 'No military emergency',
    1: 'Military emergency',
   }))),
   Named('MI', '', Element(1, Table({
    0: 'No military identification',
    1: 'Military identification',
   }))),
   Named('FOEFRI', '', Element(2, Table({
    0: 'No Mode 4 interrogation',
    1: 'Friendly target',
    2: 'Unknown target',
    3: 'No reply',
   }))),
  ),
  (
   Named('ADSB', 'On-Site ADS-B Information', Group((
    Named('EP', 'ADSB Element Populated Bit', Element(1, Table({
     0: 'ADSB not populated',
     1: 'ADSB populated',
    }))),
    Named('VAL', 'On-Site ADS-B Information', Element(1, Table({
     0: 'Not available',
     1: 'Available',
    }))),
   ))),
   Named('SCN', 'Surveillance Cluster Network Information', Group((
    Named('EP', 'SCN Element Populated Bit', Element(1, Table({
     0: 'SCN not populated',
     1: 'SCN populated',
    }))),
    Named('VAL', 'Surveillance Cluster Network Information', Element(1, Table({
     0: 'Not available',
     1: 'Available',
    }))),
   ))),
   Named('PAI', 'Passive Acquisition Interface Information', Group((
    Named('EP', 'PAI Element Populated Bit', Element(1, Table({
     0: 'PAI not populated',
     1: 'PAI populated',
    }))),
    Named('VAL', 'Passive Acquisition Interface Information', Element(1, Table({
     0: 'Not available',
     1: 'Available',
    }))),
   ))),
   Spare(1),
  ),
  (
   Named('ACASXV', 'Extended Version', Group((
    Named('EP', 'ACASXV Element Populated Bit', Element(1, Table({
     0: 'ACASXV not populated',
     1: 'ACASXV populated',
    }))),
    Named('VAL', 'ACAS Extended Version Value', Element(4, Table({
     0: 'Non-Extended Version',
     1: 'ACAS Xa Version 1',
     2: 'ACAS Xu Version 1',
    }))),
   ))),
   Named('POXPR', 'PO Transponder Capability', Group((
    Named('EP', 'POXPR Element Populated Bit', Element(1, Table({
     0: 'POXPR not populated',
     1: 'POXPR populated',
    }))),
    Named('VAL', 'PO Transponder Capability', Element(1, Table({
     0: 'PO not supported (PPM only)',
     1: 'PO supported',
    }))),
   ))),
  ),
  (
   Named('POACT', 'PO Active for Current Plot', Group((
    Named('EP', 'POACT Element Populated Bit', Element(1, Table({
     0: 'POACT not populated',
     1: 'POACT populated',
    }))),
    Named('VAL', 'POACT Active for Current Plot', Element(1, Table({
     0: 'PO not active',
     1: 'PO active',
    }))),
   ))),
   Named('DTFXPR', 'Basic Dataflash Transponder Capability', Group((
    Named('EP', 'DTFXPR Element Populated Bit', Element(1, Table({
     0: 'DTFXPR not populated',
     1: 'DTFXPR populated',
    }))),
    Named('VAL', 'Basic Dataflash Transponder Capability', Element(1, Table({
     0: 'Basic Dataflash not supported',
     1: 'Basic Dataflash supported',
    }))),
   ))),
   Named('DTFACT', 'Basic Dataflash Active for Current Plot', Group((
    Named('EP', 'DTFACT Element Populated Bit', Element(1, Table({
     0: 'DTFACT not populated',
     1: 'DTFACT populated',
    }))),
    Named('VAL', 'Basic Dataflash in Current Plot', Element(1, Table({
     0: 'Basic Dataflash not active',
     1: 'Basic Dataflash active',
    }))),
   ))),
   Spare(1),
  ),
  (
   Named('IRMXPR', 'IRM Transponder Capability', Group((
    Named('EP', 'IRMXPR Element Populated Bit', Element(1, Table({
     0: 'IRMXPR not populated',
     1: 'IRMXPR populated',
    }))),
    Named('VAL', 'Transponder IRM Capability', Element(1, Table({
     0: 'Transponder not IRM capable',
     1: 'Transponder IRM capable',
    }))),
   ))),
   Named('IRMACT', 'IRM Active for Current Plot', Group((
    Named('EP', 'IRM Element Populated Bit', Element(1, Table({
     0: 'IRMACT not populated',
     1: 'IRMACT populated',
    }))),
    Named('VAL', 'IRM Active for Current Plot', Element(1, Table({
     0: 'IRM not active',
     1: 'IRM active',
    }))),
   ))),
   Spare(3),
  ),
 ))),
 '030': Named('030', 'Warning/Error Conditions and Target Classification', Repetitive(False, Element(7, Table({
  0: 'Not defined; never used',
  1: 'Multipath Reply (Reflection)',
  2: 'Reply due to sidelobe interrogation/reception',
  3: 'Split plot',
  4: 'Second time around reply',
  5: 'Angel',
  6: 'Slow moving target correlated with road infrastructure (terrestrial vehicle)',
  7: 'Fixed PSR plot',
  8: 'Slow PSR target',
  9: 'Low quality PSR plot',
  10: 'Phantom SSR plot',
  11: 'Non-Matching Mode-3/A Code',
  12: 'Mode C code / Mode S altitude code abnormal value compared to the track',
  13: 'Target in Clutter Area',
  14: 'Maximum Doppler Response in Zero Filter',
  15: 'Transponder anomaly detected',
  16: 'Duplicated or Illegal Mode S Aircraft Address',
  17: 'Mode S error correction applied',
  18: 'Undecodable Mode C code / Mode S altitude code',
  19: 'Birds',
  20: 'Flock of Birds',
  21: 'Mode-1 was present in original reply',
  22: 'Mode-2 was present in original reply',
  23: 'Plot potentially caused by Wind Turbine',
  24: 'Helicopter',
  25: 'Maximum number of re-interrogations reached (surveillance information)',
  26: 'Maximum number of re-interrogations reached (BDS Extractions)',
  27: 'BDS Overlay Incoherence',
  28: 'Potential BDS Swap Detected',
  29: 'Track Update in the Zenithal Gap',
  30: 'Mode S Track re-acquired',
  31: 'Duplicated Mode 5 Pair NO/PIN detected',
  32: 'Wrong DF reply format detected',
  33: 'Transponder anomaly (MS XPD replies with Mode A/C to Mode A/C-only all-call)',
  34: 'Transponder anomaly (SI capability report wrong)',
  35: 'Potential IC Conflict',
  36: 'IC Conflict detection possible-no conflict currently detected',
  37: 'Duplicate Mode 5 PIN (refer to the Mode 5 items in the REF)',
 })))),
 '040': Named('040', 'Measured Position in Polar Co-ordinates', Group((
  Named('RHO', '', Element(16, Quantity(False, F(1, 256), 'NM', Bounds(high=F(256), high_exclusive=True)))),
  Named('THETA', '', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
 ))),
 '042': Named('042', 'Calculated Position in Cartesian Co-ordinates', Group((
  Named('X', 'X-Component', Element(16, Quantity(True, F(1, 128), 'NM', Bounds(low=F(-256), high=F(256))))),
  Named('Y', 'X-Component', Element(16, Quantity(True, F(1, 128), 'NM', Bounds(low=F(-256), high=F(256))))),
 ))),
 '050': Named('050', 'Mode-2 Code in Octal Representation', Group((
  Named('V', '', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', '', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Named('L', '', Element(1, Table({
   0: 'Mode-2 code as derived from the reply of the transponder',
   1: 'Smoothed Mode-2 code as provided by a local tracker',
  }))),
  Spare(1),
  Named('MODE2', 'Mode-2 Code in Octal Representation', Element(12, Text('octal'))),
 ))),
 '055': Named('055', 'Mode-1 Code in Octal Representation', Group((
  Named('V', '', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', '', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Named('L', '', Element(1, Table({
   0: 'Mode-1 code as derived from the reply of the transponder',
   1: 'Smoothed Mode-1 code as provided by a local tracker',
  }))),
  Named('MODE1', 'Mode-1 Code', Element(5, Raw())),
 ))),
 '060': Named('060', 'Mode-2 Code Confidence Indicator', Group((
  Spare(4),
  Named('QA4', '', Element(1, Table({
   0: 'High quality pulse A4',
   1: 'Low quality pulse A4',
  }))),
  Named('QA2', '', Element(1, Table({
   0: 'High quality pulse A2',
   1: 'Low quality pulse A2',
  }))),
  Named('QA1', '', Element(1, Table({
   0: 'High quality pulse A1',
   1: 'Low quality pulse A1',
  }))),
  Named('QB4', '', Element(1, Table({
   0: 'High quality pulse B4',
   1: 'Low quality pulse B4',
  }))),
  Named('QB2', '', Element(1, Table({
   0: 'High quality pulse B2',
   1: 'Low quality pulse B2',
  }))),
  Named('QB1', '', Element(1, Table({
   0: 'High quality pulse B1',
   1: 'Low quality pulse B1',
  }))),
  Named('QC4', '', Element(1, Table({
   0: 'High quality pulse C4',
   1: 'Low quality pulse C4',
  }))),
  Named('QC2', '', Element(1, Table({
   0: 'High quality pulse C2',
   1: 'Low quality pulse C2',
  }))),
  Named('QC1', '', Element(1, Table({
   0: 'High quality pulse C1',
   1: 'Low quality pulse C1',
  }))),
  Named('QD4', '', Element(1, Table({
   0: 'High quality pulse D4',
   1: 'Low quality pulse D4',
  }))),
  Named('QD2', '', Element(1, Table({
   0: 'High quality pulse D2',
   1: 'Low quality pulse D2',
  }))),
  Named('QD1', '', Element(1, Table({
   0: 'High quality pulse D1',
   1: 'Low quality pulse D1',
  }))),
 ))),
 '065': Named('065', 'Mode-1 Code Confidence Indicator', Group((
  Spare(3),
  Named('QA4', '', Element(1, Table({
   0: 'High quality pulse A4',
   1: 'Low quality pulse A4',
  }))),
  Named('QA2', '', Element(1, Table({
   0: 'High quality pulse A2',
   1: 'Low quality pulse A2',
  }))),
  Named('QA1', '', Element(1, Table({
   0: 'High quality pulse A1',
   1: 'Low quality pulse A1',
  }))),
  Named('QB2', '', Element(1, Table({
   0: 'High quality pulse B2',
   1: 'Low quality pulse B2',
  }))),
  Named('QB1', '', Element(1, Table({
   0: 'High quality pulse B1',
   1: 'Low quality pulse B1',
  }))),
 ))),
 '070': Named('070', 'Mode-3/A Code in Octal Representation', Group((
  Named('V', '', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', '', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Named('L', '', Element(1, Table({
   0: 'Mode-3/A code derived from the reply of the transponder',
   1: 'Mode-3/A code not extracted during the last scan',
  }))),
  Spare(1),
  Named('MODE3A', 'Mode-3/A Reply in Octal Representation', Element(12, Text('octal'))),
 ))),
 '080': Named('080', 'Mode-3/A Code Confidence Indicator', Group((
  Spare(4),
  Named('QA4', '', Element(1, Table({
   0: 'High quality pulse A4',
   1: 'Low quality pulse A4',
  }))),
  Named('QA2', '', Element(1, Table({
   0: 'High quality pulse A2',
   1: 'Low quality pulse A2',
  }))),
  Named('QA1', '', Element(1, Table({
   0: 'High quality pulse A1',
   1: 'Low quality pulse A1',
  }))),
  Named('QB4', '', Element(1, Table({
   0: 'High quality pulse B4',
   1: 'Low quality pulse B4',
  }))),
  Named('QB2', '', Element(1, Table({
   0: 'High quality pulse B2',
   1: 'Low quality pulse B2',
  }))),
  Named('QB1', '', Element(1, Table({
   0: 'High quality pulse B1',
   1: 'Low quality pulse B1',
  }))),
  Named('QC4', '', Element(1, Table({
   0: 'High quality pulse C4',
   1: 'Low quality pulse C4',
  }))),
  Named('QC2', '', Element(1, Table({
   0: 'High quality pulse C2',
   1: 'Low quality pulse C2',
  }))),
  Named('QC1', '', Element(1, Table({
   0: 'High quality pulse C1',
   1: 'Low quality pulse C1',
  }))),
  Named('QD4', '', Element(1, Table({
   0: 'High quality pulse D4',
   1: 'Low quality pulse D4',
  }))),
  Named('QD2', '', Element(1, Table({
   0: 'High quality pulse D2',
   1: 'Low quality pulse D2',
  }))),
  Named('QD1', '', Element(1, Table({
   0: 'High quality pulse D1',
   1: 'Low quality pulse D1',
  }))),
 ))),
 '090': Named('090', 'Flight Level in Binary Representation', Group((
  Named('V', '', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', '', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Named('FL', '', Element(14, Quantity(True, F(1, 4), 'FL', Bounds()))),
 ))),
 '100': Named('100', 'Mode-C Code and Code Confidence Indicator', Group((
  Named('V', '', Element(1, Table({
   0: 'Code validated',
   1: 'Code not validated',
  }))),
  Named('G', '', Element(1, Table({
   0: 'Default',
   1: 'Garbled code',
  }))),
  Spare(2),
  Named('MODEC', 'Mode-C Reply in Gray Notation', Element(12, Raw())),
  Spare(4),
  Named('QC1', '', Element(1, Table({
   0: 'High quality pulse C1',
   1: 'Low quality pulse C1',
  }))),
  Named('QA1', '', Element(1, Table({
   0: 'High quality pulse A1',
   1: 'Low quality pulse A1',
  }))),
  Named('QC2', '', Element(1, Table({
   0: 'High quality pulse C2',
   1: 'Low quality pulse C2',
  }))),
  Named('QA2', '', Element(1, Table({
   0: 'High quality pulse A2',
   1: 'Low quality pulse A2',
  }))),
  Named('QC4', '', Element(1, Table({
   0: 'High quality pulse C4',
   1: 'Low quality pulse C4',
  }))),
  Named('QA4', '', Element(1, Table({
   0: 'High quality pulse A4',
   1: 'Low quality pulse A4',
  }))),
  Named('QB1', '', Element(1, Table({
   0: 'High quality pulse B1',
   1: 'Low quality pulse B1',
  }))),
  Named('QD1', '', Element(1, Table({
   0: 'High quality pulse D1',
   1: 'Low quality pulse D1',
  }))),
  Named('QB2', '', Element(1, Table({
   0: 'High quality pulse B2',
   1: 'Low quality pulse B2',
  }))),
  Named('QD2', '', Element(1, Table({
   0: 'High quality pulse D2',
   1: 'Low quality pulse D2',
  }))),
  Named('QB4', '', Element(1, Table({
   0: 'High quality pulse B4',
   1: 'Low quality pulse B4',
  }))),
  Named('QD4', '', Element(1, Table({
   0: 'High quality pulse D4',
   1: 'Low quality pulse D4',
  }))),
 ))),
 '110': Named('110', 'Height Measured by a 3D Radar', Group((
  Spare(2),
  Named('3DH', "3D Height, in Binary Notation. Negative Values Are Expressed in Two's Complement", Element(14, Quantity(True, F(25), 'ft', Bounds()))),
 ))),
 '120': Named('120', 'Radial Doppler Speed', Compound((
  Named('CAL', 'Calculated Doppler Speed', Group((
   Named('D', '', Element(1, Table({
    0: 'Doppler speed is valid',
    1: 'Doppler speed is doubtful',
   }))),
   Spare(5),
   Named('CAL', "Calculated Doppler Speed, Coded in Two's Complement", Element(10, Quantity(True, F(1), 'm/s', Bounds()))),
  ))),
  Named('RDS', 'Raw Doppler Speed', Repetitive(True, Group((
   Named('DOP', 'Doppler Speed', Element(16, Quantity(False, F(1), 'm/s', Bounds()))),
   Named('AMB', 'Ambiguity Range', Element(16, Quantity(False, F(1), 'm/s', Bounds()))),
   Named('FRQ', 'Transmitter Frequency', Element(16, Quantity(False, F(1), 'MHz', Bounds()))),
  )))),
 ))),
 '130': Named('130', 'Radar Plot Characteristics', Compound((
  Named('SRL', 'SSR Plot Runlength', Element(8, Quantity(False, F(45, 1024), '°', Bounds()))),
  Named('SRR', 'Number of Received Replies for (M)SSR', Element(8, Integer(False, Bounds()))),
  Named('SAM', 'Amplitude of (M)SSR Reply', Element(8, Quantity(True, F(1), 'dBm', Bounds()))),
  Named('PRL', 'Primary Plot Runlength', Element(8, Quantity(False, F(45, 1024), '°', Bounds()))),
  Named('PAM', 'Amplitude of Primary Plot', Element(8, Quantity(True, F(1), 'dBm', Bounds()))),
  Named('RPD', 'Difference in Range Between PSR and SSR Plot', Element(8, Quantity(True, F(1, 256), 'NM', Bounds()))),
  Named('APD', 'Difference in Azimuth Between PSR and SSR Plot', Element(8, Quantity(True, F(45, 2048), '°', Bounds()))),
 ))),
 '140': Named('140', 'Time of Day', Element(24, Quantity(False, F(1, 128), 's', Bounds(high=F(86400), high_exclusive=True)))),
 '161': Named('161', 'Track Number', Group((
  Spare(4),
  Named('TRN', 'Track Number', Element(12, Raw())),
 ))),
 '170': Named('170', 'Track Status', Extended((
  (
   Named('CNF', 'Confirmed Vs. Tentative Track', Element(1, Table({
    0: 'Confirmed Track',
    1: 'Tentative Track',
   }))),
   Named('RAD', 'Type of Sensor(s) Maintaining Track', Element(2, Table({
    0: 'Combined Track',
    1: 'PSR Track',
    2: 'SSR/Mode S Track',
    3: 'Invalid',
   }))),
   Named('DOU', 'Signals Level of Confidence in Plot to Track Association Process', Element(1, Table({
    0: 'Normal confidence',
    1: 'Low confidence in plot to track association',
   }))),
   Named('MAH', 'Manoeuvre Detection in Horizontal Sense', Element(1, Table({
    0: 'No horizontal man.sensed',
    1: 'Horizontal man. sensed',
   }))),
   Named('CDM', 'Climbing / Descending Mode', Element(2, Table({
    0: 'Maintaining',
    1: 'Climbing',
    2: 'Descending',
    3: 'Unknown',
   }))),
  ),
  (
   Named('TRE', 'Signal for End_of_Track', Element(1, Table({
    0: 'Track still alive',
    1: 'End of track lifetime(last report for this track)',
   }))),
   Named('GHO', 'Ghost Vs. True Target', Element(1, Table({
    0: 'True target track',
    1: 'Ghost target track',
   }))),
   Named('SUP', 'Track Maintained with Track Information from Neighbouring Node B on the Cluster, or Network', Element(1, Table({
    0: 'No',
    1: 'Yes',
   }))),
   Named('TCC', 'Type of Plot Coordinate Transformation Mechanism:', Element(1, Table({
    0: "Tracking performed in so-called 'Radar Plane', i.e. neither slant range correction nor stereographical projection was applied",
    1: 'Slant range correction and a suitable projection technique are used to track in a 2D.reference plane, tangential to the earth model at the Radar Site co-ordinates',
   }))),
   Spare(3),
  ),
 ))),
 '200': Named('200', 'Calculated Track Velocity in Polar Co-ordinates', Group((
  Named('GSP', 'Calculated Groundspeed', Element(16, Quantity(False, F(1, 16384), 'NM/s', Bounds()))),
  Named('HDG', 'Calculated Heading', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
 ))),
 '210': Named('210', 'Track Quality', Group((
  Named('SIGX', 'Sigma (X)) Standard Deviation on the Horizontal Axis of the Local Grid System', Element(8, Quantity(False, F(1, 128), 'NM', Bounds()))),
  Named('SIGY', 'Sigma (Y)) Standard Deviation on the Vertical Axis of the Local Grid System', Element(8, Quantity(False, F(1, 128), 'NM', Bounds()))),
  Named('SIGV', 'Sigma (V)) Standard Deviation on the Groundspeed Within the Local Grid System', Element(8, Quantity(False, F(1, 16384), 'NM/s', Bounds()))),
  Named('SIGH', 'Sigma (H)) Standard Deviation on the Heading Within the Local Grid System', Element(8, Quantity(False, F(45, 512), '°', Bounds()))),
 ))),
 '220': Named('220', 'Aircraft Address', Element(24, Raw())),
 '230': Named('230', 'Communications/ACAS Capability and Flight Status', Group((
  Named('COM', 'Communications Capability of the Transponder', Element(3, Table({
   0: 'No communications capability (surveillance only)',
   1: 'Comm. A and Comm. B capability',
   2: 'Comm. A, Comm. B and Uplink ELM',
   3: 'Comm. A, Comm. B, Uplink ELM and Downlink ELM',
   4: 'Level 5 Transponder capability',
  }))),
  Named('STAT', 'Flight Status', Element(3, Table({
   0: 'No alert, no SPI, aircraft airborne',
   1: 'No alert, no SPI, aircraft on ground',
   2: 'Alert, no SPI, aircraft airborne',
   3: 'Alert, no SPI, aircraft on ground',
   4: 'Alert, SPI, aircraft airborne or on ground',
   5: 'No alert, SPI, aircraft airborne or on ground',
   7: 'Unknown',
  }))),
  Named('SI', 'SI/II Transponder Capability', Element(1, Table({
   0: 'SI-Code Capable',
   1: 'II-Code Capable',
  }))),
  Spare(1),
  Named('MSSC', 'Mode-S Specific Service Capability', Element(1, Table({
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
  Named('B1B', 'BDS 1,0 Bits 37/40', Element(4, Raw())),
 ))),
 '240': Named('240', 'Aircraft Identification', Element(48, Text('icao'))),
 '250': Named('250', 'BDS Register Data', Repetitive(True, Group((
  Named('MBDATA', 'Mode S Comm B Message Data', Element(56, Raw())),
  Named('BDS1', 'Comm B Data Buffer Store 1 Address', Element(4, Raw())),
  Named('BDS2', 'Comm B Data Buffer Store 2 Address', Element(4, Raw())),
 )))),
 '260': Named('260', 'ACAS Resolution Advisory Report', Element(56, Raw())),
 'RE': Named('RE', 'Reserved Expansion Field', Explicit('re')),
 'SP': Named('SP', 'Special Purpose Field', Explicit('sp')),
}, (
 '010',
 '140',
 '020',
 '040',
 '070',
 '090',
 '130',
 '220',
 '240',
 '250',
 '161',
 '042',
 '200',
 '170',
 '210',
 '030',
 '080',
 '100',
 '110',
 '120',
 '230',
 '260',
 '055',
 '050',
 '065',
 '060',
 'SP',
 'RE',
))
