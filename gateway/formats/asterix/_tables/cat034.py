"""ASTERIX category 034 edition 1.29 (2021-03-15): generated from
cat034-cat-1.29.ast of asterix-specs by gateway/formats/asterix/generate.py. Do not edit.
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

CATEGORY = Category(34, '1.29', '2021-03-15', 'Transmission of Monoradar Service Messages', {
 '000': Named('000', 'Message Type', Element(8, Table({
  1: 'North marker message',
  2: 'Sector crossing message',
  3: 'Geographical filtering message',
  4: 'Jamming strobe message',
  5: 'Solar Storm Message',
  6: 'SSR Jamming Strobe Message',
  7: 'Mode S Jamming Strobe Message',
 }))),
 '010': Named('010', 'Data Source Identifier', Group((
  Named('SAC', 'System Area Code', Element(8, Raw())),
  Named('SIC', 'System Identification Code', Element(8, Raw())),
 ))),
 '020': Named('020', 'Sector Number', Element(8, Quantity(False, F(45, 32), '°', Bounds()))),
 '030': Named('030', 'Time of Day', Element(24, Quantity(False, F(1, 128), 's', Bounds()))),
 '041': Named('041', 'Antenna Rotation Speed', Element(16, Quantity(False, F(1, 128), 's', Bounds()))),
 '050': Named('050', 'System Configuration and Status', Compound((
  Named('COM', 'Common Part', Group((
   Named('NOGO', 'Operational Release Status of the System', Element(1, Table({
    0: 'System is released for operational use',
    1: 'Operational use of System is inhibited, i.e. the data shall be discarded by an operational SDPS',
   }))),
   Named('RDPC', 'Radar Data Processor Chain Selection Status', Element(1, Table({
    0: 'RDPC-1 selected',
    1: 'RDPC-2 selected',
   }))),
   Named('RDPR', 'Event to Signal a Reset/restart of the Selected Radar Data Processor Chain, I.e. Expect a New Assignment of Track Numbers', Element(1, Table({
    0: 'Default situation',
    1: 'Reset of RDPC',
   }))),
   Named('OVLRDP', 'Radar Data Processor Overload Indicator', Element(1, Table({
    0: 'Default, no overload',
    1: 'Overload in RDP',
   }))),
   Named('OVLXMT', 'Transmission Subsystem Overload Status', Element(1, Table({
    0: 'Default, no overload',
    1: 'Overload in transmission subsystem',
   }))),
   Named('MSC', 'Monitoring System Connected Status', Element(1, Table({
    0: 'Monitoring system connected',
    1: 'Monitoring system disconnected',
   }))),
   Named('TSV', 'Time Source Validity', Element(1, Table({
    0: 'Valid',
    1: 'Invalid',
   }))),
   Spare(1),
  ))),
  None,
  None,
  Named('PSR', 'Specific Status Information for a PSR Sensor', Group((
   Named('ANT', 'Selected Antenna', Element(1, Table({
    0: 'Antenna 1',
    1: 'Antenna 2',
   }))),
   Named('CHAB', 'Channel A/B Selection Status', Element(2, Table({
    0: 'No channel selected',
    1: 'Channel A only selected',
    2: 'Channel B only selected',
    3: 'Diversity mode ; Channel A and B selected',
   }))),
   Named('OVL', 'Overload Condition', Element(1, Table({
    0: 'No overload',
    1: 'Overload',
   }))),
   Named('MSC', 'Monitoring System Connected Status', Element(1, Table({
    0: 'Monitoring system connected',
    1: 'Monitoring system disconnected',
   }))),
   Spare(3),
  ))),
  Named('SSR', 'Specific Status Information for a SSR Sensor', Group((
   Named('ANT', 'Selected Antenna', Element(1, Table({
    0: 'Antenna 1',
    1: 'Antenna 2',
   }))),
   Named('CHAB', 'Channel A/B Selection Status', Element(2, Table({
    0: 'No channel selected',
    1: 'Channel A only selected',
    2: 'Channel B only selected',
    3: 'Invalid combination',
   }))),
   Named('OVL', 'Overload Condition', Element(1, Table({
    0: 'No overload',
    1: 'Overload',
   }))),
   Named('MSC', 'Monitoring System Connected Status:', Element(1, Table({
    0: 'Monitoring system connected',
    1: 'Monitoring system disconnected',
   }))),
   Spare(3),
  ))),
  Named('MDS', 'Specific Status Information for a Mode S Sensor', Group((
   Named('ANT', 'Selected Antenna', Element(1, Table({
    0: 'Antenna 1',
    1: 'Antenna 2',
   }))),
   Named('CHAB', 'Channel A/B Selection Status', Element(2, Table({
    0: 'No channel selected',
    1: 'Channel A only selected',
    2: 'Channel B only selected',
    3: 'Illegal combination',
   }))),
   Named('OVLSUR', 'Overload Condition', Element(1, Table({
    0: 'No overload',
    1: 'Overload',
   }))),
   Named('MSC', 'Monitoring System Connected Status:', Element(1, Table({
    0: 'Monitoring system connected',
    1: 'Monitoring system disconnected',
   }))),
   Named('SCF', 'Channel A/B Selection Status for Surveillance Co-ordination Function', Element(1, Table({
    0: 'Channel A in use',
    1: 'Channel B in use',
   }))),
   Named('DLF', 'Channel A/B Selection Status for Data Link Function', Element(1, Table({
    0: 'Channel A in use',
    1: 'Channel B in use',
   }))),
   Named('OVLSCF', 'Overload in Surveillance Co-ordination Function', Element(1, Table({
    0: 'No overload',
    1: 'Overload',
   }))),
   Named('OVLDLF', 'Overload in Data Link Function', Element(1, Table({
    0: 'No overload',
    1: 'Overload',
   }))),
   Spare(7),
  ))),
 ))),
 '060': Named('060', 'System Processing Mode', Compound((
  Named('COM', 'Common Part', Group((
   Spare(1),
   Named('REDRDP', 'Reduction Steps in Use for An Overload of the RDP', Element(3, Table({
    0: 'No reduction active',
    1: 'Reduction step 1 active',
    2: 'Reduction step 2 active',
    3: 'Reduction step 3 active',
    4: 'Reduction step 4 active',
    5: 'Reduction step 5 active',
    6: 'Reduction step 6 active',
    7: 'Reduction step 7 active',
   }))),
   Named('REDXMT', 'Reduction Steps in Use for An Overload of the Transmission Subsystem', Element(3, Table({
    0: 'No reduction active',
    1: 'Reduction step 1 active',
    2: 'Reduction step 2 active',
    3: 'Reduction step 3 active',
    4: 'Reduction step 4 active',
    5: 'Reduction step 5 active',
    6: 'Reduction step 6 active',
    7: 'Reduction step 7 active',
   }))),
   Spare(1),
  ))),
  None,
  None,
  Named('PSR', 'Specific Processing Mode Information for a PSR Sensor', Group((
   Named('POL', 'Polarization in Use by PSR', Element(1, Table({
    0: 'Linear polarization',
    1: 'Circular polarization',
   }))),
   Named('REDRAD', 'Reduction Steps in Use as Result of An Overload Within the PSR Subsystem', Element(3, Table({
    0: 'No reduction active',
    1: 'Reduction step 1 active',
    2: 'Reduction step 2 active',
    3: 'Reduction step 3 active',
    4: 'Reduction step 4 active',
    5: 'Reduction step 5 active',
    6: 'Reduction step 6 active',
    7: 'Reduction step 7 active',
   }))),
   Named('STC', 'Sensitivity Time Control Map in Use', Element(2, Table({
    0: 'STC Map-1',
    1: 'STC Map-2',
    2: 'STC Map-3',
    3: 'STC Map-4',
   }))),
   Spare(2),
  ))),
  Named('SSR', 'Specific Processing Mode Information for a SSR Sensor', Group((
   Named('REDRAD', 'Reduction Steps in Use as Result of An Overload Within the SSR Subsystem', Element(3, Table({
    0: 'No reduction active',
    1: 'Reduction step 1 active',
    2: 'Reduction step 2 active',
    3: 'Reduction step 3 active',
    4: 'Reduction step 4 active',
    5: 'Reduction step 5 active',
    6: 'Reduction step 6 active',
    7: 'Reduction step 7 active',
   }))),
   Spare(5),
  ))),
  Named('MDS', 'Specific Processing Mode Information for a Mode S Sensor', Group((
   Named('REDRAD', 'Reduction Steps in Use as Result of An Overload Within the Mode S Subsystem', Element(3, Table({
    0: 'No reduction active',
    1: 'Reduction step 1 active',
    2: 'Reduction step 2 active',
    3: 'Reduction step 3 active',
    4: 'Reduction step 4 active',
    5: 'Reduction step 5 active',
    6: 'Reduction step 6 active',
    7: 'Reduction step 7 active',
   }))),
   Named('CLU', 'Cluster State', Element(1, Table({
    0: 'Autonomous',
    1: 'Not autonomous',
   }))),
   Spare(4),
  ))),
 ))),
 '070': Named('070', 'Message Count Values', Repetitive(True, Group((
  Named('TYP', 'Type of Message Counter', Element(5, Table({
   0: 'No detection (number of misses)',
   1: 'Single PSR target reports',
   2: 'Single SSR target reports (Non-Mode S)',
   3: 'SSR+PSR target reports (Non-Mode S)',
   4: 'Single All-Call target reports (Mode S)',
   5: 'Single Roll-Call target reports (Mode S)',
   6: 'All-Call + PSR (Mode S) target reports',
   7: 'Roll-Call + PSR (Mode S) target reports',
   8: 'Filter for Weather data',
   9: 'Filter for Jamming Strobe',
   10: 'Filter for PSR data',
   11: 'Filter for SSR/Mode S data',
   12: 'Filter for SSR/Mode S+PSR data',
   13: 'Filter for Enhanced Surveillance data',
   14: 'Filter for PSR+Enhanced Surveillance',
   15: 'Filter for PSR+Enhanced Surveillance + SSR/Mode S data not in Area of Prime Interest',
   16: 'Filter for PSR+Enhanced Surveillance + all SSR/Mode S data',
   17: 'Re-Interrogations (per sector)',
   18: 'BDS Swap and wrong DF replies(per sector)',
   19: 'Mode A/C FRUIT (per sector)',
   20: 'Mode S FRUIT (per sector)',
  }))),
  Named('COUNT', 'COUNTER', Element(11, Integer(False, Bounds()))),
 )))),
 '090': Named('090', 'Collimation Error', Group((
  Named('RNG', 'Range Error', Element(8, Quantity(True, F(1, 128), 'NM', Bounds()))),
  Named('AZM', 'Azimuth Error', Element(8, Quantity(True, F(45, 2048), '°', Bounds()))),
 ))),
 '100': Named('100', 'Generic Polar Window', Group((
  Named('RHOST', 'Rho Start', Element(16, Quantity(False, F(1, 256), 'NM', Bounds(high=F(256))))),
  Named('RHOEND', 'Rho End', Element(16, Quantity(False, F(1, 256), 'NM', Bounds(high=F(256))))),
  Named('THETAST', 'Theta Start', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
  Named('THETAEND', 'Theta End', Element(16, Quantity(False, F(45, 8192), '°', Bounds()))),
 ))),
 '110': Named('110', 'Data Filter', Element(8, Table({
  0: 'Invalid value',
  1: 'Filter for Weather data',
  2: 'Filter for Jamming Strobe',
  3: 'Filter for PSR data',
  4: 'Filter for SSR/Mode S data',
  5: 'Filter for SSR/Mode S + PSR data',
  6: 'Enhanced Surveillance data',
  7: 'Filter for PSR+Enhanced Surveillance data',
  8: 'Filter for PSR+Enhanced Surveillance + SSR/Mode S data not in Area of Prime Interest',
  9: 'Filter for PSR+Enhanced Surveillance + all SSR/Mode S data',
 }))),
 '120': Named('120', '3D-Position Of Data Source', Group((
  Named('HGT', 'Height of Data Source', Element(16, Quantity(True, F(1), 'm', Bounds()))),
  Named('LAT', 'Latitude', Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-90), high=F(90))))),
  Named('LON', 'Longitude', Element(24, Quantity(True, F(45, 2097152), '°', Bounds(low=F(-180), high=F(180))))),
 ))),
 'RE': Named('RE', 'Reserved Expansion Field', Explicit('re')),
 'SP': Named('SP', 'Special Purpose Field', Explicit('sp')),
}, (
 '010',
 '000',
 '030',
 '020',
 '041',
 '050',
 '060',
 '070',
 '100',
 '110',
 '120',
 '090',
 'RE',
 'SP',
))
