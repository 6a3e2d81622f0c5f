"""BSI Flex 335 v1.0 (withdrawn): every message, field, number, type and enumeration value, as `table_v2` for v2.0."""

from __future__ import annotations

PACKAGE = "sapient_msg.bsi_flex_335_v1_0"
VERSION = "BSI Flex 335 v1.0"
"""What a Registration declares as its `icd_version`."""

TABLE = """
SapientMessage
  1 timestamp Timestamp must
  2 node_id string must uuid
  3 destination_id string uuid
  4 registration Registration in:content
  5 registration_ack RegistrationAck in:content
  6 status_report StatusReport in:content
  7 detection_report DetectionReport in:content
  8 task Task in:content
  9 task_ack TaskAck in:content
  10 alert Alert in:content
  11 alert_ack AlertAck in:content
  12 error Error in:content
  oneof content must
Registration
  1 node_definition Registration.NodeDefinition many must
  2 icd_version string must
  3 name string
  4 short_name string
  5 capabilities Registration.Capability many must
  6 status_definition Registration.StatusDefinition must
  7 mode_definition Registration.ModeDefinition many must
enum Registration.NodeType
  0 NODE_TYPE_UNSPECIFIED
  1 NODE_TYPE_OTHER
  2 NODE_TYPE_RADAR
  3 NODE_TYPE_LIDAR
  4 NODE_TYPE_CAMERA
  5 NODE_TYPE_SEISMIC
  6 NODE_TYPE_ACOUSTIC
  7 NODE_TYPE_PROXIMITY_SENSOR
  8 NODE_TYPE_PASSIVE_RF
  9 NODE_TYPE_HUMAN
  10 NODE_TYPE_CHEMICAL
  11 NODE_TYPE_BIOLOGICAL
  12 NODE_TYPE_RADIATION
  13 NODE_TYPE_KINETIC
  14 NODE_TYPE_JAMMER
  15 NODE_TYPE_CYBER
  16 NODE_TYPE_LDEW
  17 NODE_TYPE_RFDEW
enum Registration.TimeUnits
  0 TIME_UNITS_UNSPECIFIED
  1 TIME_UNITS_NANOSECONDS
  2 TIME_UNITS_MICROSECONDS
  3 TIME_UNITS_MILLISECONDS
  4 TIME_UNITS_SECONDS
  5 TIME_UNITS_MINUTES
  6 TIME_UNITS_HOURS
  reserved 7
enum Registration.StatusReportCategory
  0 STATUS_REPORT_CATEGORY_UNSPECIFIED
  1 STATUS_REPORT_CATEGORY_SENSOR
  2 STATUS_REPORT_CATEGORY_POWER
  3 STATUS_REPORT_CATEGORY_MODE
  4 STATUS_REPORT_CATEGORY_STATUS
enum Registration.ModeType
  0 MODE_TYPE_UNSPECIFIED
  1 MODE_TYPE_PERMANENT
  2 MODE_TYPE_TEMPORARY
enum Registration.ScanType
  0 SCAN_TYPE_UNSPECIFIED
  1 SCAN_TYPE_FIXED
  2 SCAN_TYPE_SCANNING
  3 SCAN_TYPE_STEERABLE
enum Registration.TrackingType
  0 TRACKING_TYPE_UNSPECIFIED
  1 TRACKING_TYPE_NONE
  2 TRACKING_TYPE_TRACKLET
  3 TRACKING_TYPE_TRACK
  4 TRACKING_TYPE_TRACK_WITH_RE_ID
enum Registration.DetectionReportCategory
  0 DETECTION_REPORT_CATEGORY_UNSPECIFIED
  1 DETECTION_REPORT_CATEGORY_DETECTION
  2 DETECTION_REPORT_CATEGORY_TRACK
  3 DETECTION_REPORT_CATEGORY_OBJECT
enum Registration.ConfidenceDefinition
  0 CONFIDENCE_DEFINITION_UNSPECIFIED
  1 CONFIDENCE_DEFINITION_SINGLE_CLASS
  2 CONFIDENCE_DEFINITION_MULTI_CLASS
enum Registration.CommandType
  0 COMMAND_TYPE_UNSPECIFIED
  1 COMMAND_TYPE_REQUEST
  2 COMMAND_TYPE_DETECTION_THRESHOLD
  3 COMMAND_TYPE_DETECTION_REPORT_RATE
  4 COMMAND_TYPE_CLASSIFICATION_THRESHOLD
  5 COMMAND_TYPE_MODE_CHANGE
  6 COMMAND_TYPE_LOOK_AT
enum Registration.RegionType
  0 REGION_TYPE_UNSPECIFIED
  1 REGION_TYPE_AREA_OF_INTEREST
  2 REGION_TYPE_IGNORE
  3 REGION_TYPE_BOUNDARY
Registration.NodeDefinition
  1 node_type Registration.NodeType must
  2 node_sub_type string many
Registration.Capability
  1 category string must
  2 type string must
  3 value string
  4 units string
Registration.StatusDefinition
  1 status_interval Registration.Duration must
  2 location_definition Registration.LocationType
  3 coverage_definition Registration.LocationType
  4 obscuration_definition Registration.LocationType
  5 status_report Registration.StatusReport many
  6 field_of_view_definition Registration.LocationType
Registration.Duration
  1 units Registration.TimeUnits must
  3 value float must
  reserved 2
Registration.ModeParameter
  1 type string must
  2 value string must
Registration.LocationType
  1 location_units LocationCoordinateSystem in:coordinates_oneof
  2 range_bearing_units RangeBearingCoordinateSystem in:coordinates_oneof
  3 location_datum LocationDatum in:datum_oneof
  4 range_bearing_datum RangeBearingDatum in:datum_oneof
  5 zone string
  oneof coordinates_oneof must
  oneof datum_oneof must
Registration.VelocityType
  4 enu_velocity_units ENUVelocityUnits in:velocity_units_oneof
  6 location_datum LocationDatum in:datum_oneof
  7 range_bearing_datum RangeBearingDatum in:datum_oneof
  8 zone string
  oneof velocity_units_oneof must
  oneof datum_oneof must
  reserved 1 2 3 5
Registration.StatusReport
  1 category Registration.StatusReportCategory must
  2 type string must
  3 units string
  4 on_change bool
Registration.ModeDefinition
  1 mode_name string must
  2 mode_type Registration.ModeType must
  3 mode_description string
  4 settle_time Registration.Duration must
  5 maximum_latency Registration.Duration
  6 scan_type Registration.ScanType
  7 tracking_type Registration.TrackingType
  8 duration Registration.Duration
  9 mode_parameter Registration.ModeParameter many
  10 detection_definition Registration.DetectionDefinition must
  11 task Registration.TaskDefinition many must
Registration.DetectionDefinition
  1 location_type Registration.LocationType must
  2 detection_performance Registration.PerformanceValue many
  3 detection_report Registration.DetectionReport many
  4 detection_class_definition Registration.DetectionClassDefinition many
  5 behaviour_definition Registration.BehaviourDefinition many
  6 velocity_type Registration.VelocityType
  7 geometric_error Registration.GeometricError
Registration.GeometricError
  1 type string must
  2 units string must
  3 variation_type string must
  4 performance_value Registration.PerformanceValue many
Registration.PerformanceValue
  1 type string must
  2 units string must
  3 unit_value string must
  4 variation_type string
Registration.DetectionReport
  1 category Registration.DetectionReportCategory must
  2 type string must
  3 units string must
  4 on_change bool
Registration.DetectionClassDefinition
  1 confidence_definition Registration.ConfidenceDefinition
  2 class_performance Registration.PerformanceValue many
  3 class_definition Registration.ClassDefinition many
Registration.ClassDefinition
  1 type string must
  2 units string
  3 sub_class Registration.SubClass many
Registration.SubClass
  1 type string must
  2 units string
  3 level int32 must
  4 sub_class Registration.SubClass many
Registration.BehaviourDefinition
  1 type string must
  2 units string
Registration.TaskDefinition
  1 concurrent_tasks int32
  2 region_definition Registration.RegionDefinition must
  3 command Registration.Command many
Registration.ClassFilterDefinition
  1 filter_parameter Registration.FilterParameter many
  2 sub_class_definition Registration.SubClassFilterDefinition many
  3 type string must
Registration.SubClassFilterDefinition
  1 filter_parameter Registration.FilterParameter many
  2 level int32 must
  3 type string must
  4 sub_class_definition Registration.SubClassFilterDefinition many
Registration.FilterParameter
  1 parameter string must
  2 operators Registration.Operator many must
Registration.BehaviourFilterDefinition
  1 filter_parameter Registration.FilterParameter many
  2 type string must
Registration.Command
  1 name string must
  2 units string must
  3 completion_time Registration.Duration must
  4 type Registration.CommandType must
Registration.RegionDefinition
  1 region_type Registration.RegionType many must
  2 settle_time Registration.Duration
  3 region_area Registration.LocationType many must
  4 class_filter_definition Registration.ClassFilterDefinition many
  5 behaviour_filter_definition Registration.BehaviourFilterDefinition many
enum Registration.Operator
  0 OPERATOR_UNSPECIFIED
  1 OPERATOR_ALL
  2 OPERATOR_GREATER_THAN
  3 OPERATOR_LESS_THAN
  4 OPERATOR_EQUAL
enum Registration.DiscreteThreshold
  0 DISCRETE_THRESHOLD_UNSPECIFIED
  1 DISCRETE_THRESHOLD_LOW
  2 DISCRETE_THRESHOLD_MEDIUM
  3 DISCRETE_THRESHOLD_HIGH
RegistrationAck
  1 acceptance bool must
  2 ack_response_reason string
StatusReport
  1 report_id string must ulid
  2 system StatusReport.System must
  3 info StatusReport.Info must
  4 active_task_id string ulid
  5 mode string
  6 power StatusReport.Power
  7 node_location Location
  8 field_of_view StatusReport.LocationOrRangeBearing
  9 coverage StatusReport.LocationOrRangeBearing
  10 obscuration StatusReport.LocationOrRangeBearing many
  11 status StatusReport.Status many
enum StatusReport.System
  0 SYSTEM_UNSPECIFIED
  1 SYSTEM_OK
  2 SYSTEM_WARNING
  3 SYSTEM_ERROR
  5 SYSTEM_GOODBYE
  reserved 4
enum StatusReport.Info
  0 INFO_UNSPECIFIED
  1 INFO_NEW
  2 INFO_UNCHANGED
enum StatusReport.StatusLevel
  0 STATUS_LEVEL_UNSPECIFIED
  1 STATUS_LEVEL_SENSOR_STATUS
  2 STATUS_LEVEL_INFORMATION_STATUS
  3 STATUS_LEVEL_WARNING_STATUS
  4 STATUS_LEVEL_ERROR_STATUS
StatusReport.Power
  1 source string
  2 status string
  3 level int32
StatusReport.Status
  1 status_level StatusReport.StatusLevel
  2 status_type string must
  3 status_value string
StatusReport.LocationOrRangeBearing
  1 range_bearing RangeBearingCone in:fov_oneof
  2 location_list LocationList in:fov_oneof
  oneof fov_oneof must
DetectionReport
  1 report_id string must ulid
  2 object_id string must ulid
  3 task_id string ulid
  4 state string
  5 range_bearing RangeBearing in:location_oneof
  6 location Location in:location_oneof
  7 detection_confidence float
  8 track_info DetectionReport.TrackObjectInfo many
  9 prediction_location DetectionReport.PredictedLocation
  10 object_info DetectionReport.TrackObjectInfo many
  11 classification DetectionReport.DetectionReportClassification many
  12 behaviour DetectionReport.Behaviour many
  13 associated_file AssociatedFile many
  14 signal DetectionReport.Signal many
  15 associated_detection AssociatedDetection many
  16 derived_detection DetectionReport.DerivedDetection many
  19 enu_velocity ENUVelocity in:velocity_oneof
  22 colour string
  23 id string
  oneof location_oneof must
  oneof velocity_oneof
  reserved 17 18 20 21
DetectionReport.PredictedLocation
  1 range_bearing RangeBearing in:predicted_location_oneof
  2 location Location in:predicted_location_oneof
  3 predicted_timestamp Timestamp
  oneof predicted_location_oneof
DetectionReport.TrackObjectInfo
  1 type string must
  2 value string must
  3 error float
DetectionReport.DetectionReportClassification
  1 type string must
  2 confidence float
  3 sub_class DetectionReport.SubClass many
DetectionReport.SubClass
  1 type string must
  2 confidence float
  3 level int32 must
  4 sub_class DetectionReport.SubClass many
DetectionReport.Behaviour
  1 type string must
  2 confidence float
DetectionReport.Signal
  1 amplitude float must
  2 start_frequency float
  3 centre_frequency float must
  4 stop_frequency float
  5 pulse_duration float
DetectionReport.DerivedDetection
  1 timestamp Timestamp
  2 node_id string must uuid
  3 object_id string must ulid
Task
  1 task_id string must ulid
  2 task_name string
  3 task_description string
  4 task_start_time Timestamp
  5 task_end_time Timestamp
  6 control Task.Control must
  7 region Task.Region many
  8 command Task.Command
enum Task.Control
  0 CONTROL_UNSPECIFIED
  1 CONTROL_START
  2 CONTROL_STOP
  3 CONTROL_PAUSE
  4 CONTROL_DEFAULT
enum Task.DiscreteThreshold
  0 DISCRETE_THRESHOLD_UNSPECIFIED
  1 DISCRETE_THRESHOLD_LOW
  2 DISCRETE_THRESHOLD_MEDIUM
  3 DISCRETE_THRESHOLD_HIGH
enum Task.RegionType
  0 REGION_TYPE_UNSPECIFIED
  1 REGION_TYPE_AREA_OF_INTEREST
  2 REGION_TYPE_IGNORE
  3 REGION_TYPE_BOUNDARY
Task.Command
  1 request string in:command
  2 detection_threshold Task.DiscreteThreshold in:command
  3 detection_report_rate Task.DiscreteThreshold in:command
  4 classification_threshold Task.DiscreteThreshold in:command
  5 mode_change string in:command
  6 look_at Task.LocationOrRangeBearing in:command
  8 command_parameter string
  oneof command must
  reserved 7
Task.Region
  1 type Task.RegionType must
  2 region_id string must ulid
  3 region_name string must
  4 region_area Task.LocationOrRangeBearing must
  5 class_filter Task.ClassFilter many
  6 behaviour_filter Task.BehaviourFilter many
Task.ClassFilter
  1 parameter Task.Parameter must
  2 type string must
  3 sub_class_filter Task.SubClassFilter many
  4 priority Task.DiscreteThreshold
Task.SubClassFilter
  1 parameter Task.Parameter must
  2 type string must
  3 sub_class_filter Task.SubClassFilter many
  4 priority Task.DiscreteThreshold
Task.BehaviourFilter
  1 parameter Task.Parameter must
  2 type string
  3 priority Task.DiscreteThreshold
Task.Parameter
  1 name string must
  2 operator Task.Operator must
  3 value float must
enum Task.Operator
  0 OPERATOR_UNSPECIFIED
  1 OPERATOR_ALL
  2 OPERATOR_GREATER_THAN
  3 OPERATOR_LESS_THAN
  4 OPERATOR_EQUALS
Task.LocationOrRangeBearing
  1 range_bearing RangeBearingCone in:fov_oneof
  2 location_list LocationList in:fov_oneof
  oneof fov_oneof must
TaskAck
  1 task_id string must ulid
  2 task_status TaskAck.TaskStatus must
  3 reason string
  4 associated_file AssociatedFile
enum TaskAck.TaskStatus
  0 TASK_STATUS_UNSPECIFIED
  1 TASK_STATUS_ACCEPTED
  2 TASK_STATUS_REJECTED
  3 TASK_STATUS_COMPLETED
  4 TASK_STATUS_FAILED
Alert
  1 alert_id string must ulid
  2 alert_type Alert.AlertType
  3 status Alert.AlertStatus
  4 description string
  5 range_bearing RangeBearing in:location_oneof
  6 location Location in:location_oneof
  7 region_id string ulid
  8 priority Alert.DiscretePriority
  9 ranking float
  10 confidence float
  11 associated_file AssociatedFile many
  12 associated_detection AssociatedDetection many
  13 additional_information string
  oneof location_oneof
enum Alert.AlertType
  0 ALERT_TYPE_UNSPECIFIED
  1 ALERT_TYPE_INFORMATION
  2 ALERT_TYPE_WARNING
  3 ALERT_TYPE_CRITICAL
  4 ALERT_TYPE_ERROR
  5 ALERT_TYPE_FATAL
  6 ALERT_TYPE_MODE_CHANGE
enum Alert.AlertStatus
  0 ALERT_STATUS_UNSPECIFIED
  1 ALERT_STATUS_ACTIVE
  2 ALERT_STATUS_ACKNOWLEDGE
  3 ALERT_STATUS_REJECT
  4 ALERT_STATUS_IGNORE
  5 ALERT_STATUS_CLEAR
enum Alert.DiscretePriority
  0 DISCRETE_PRIORITY_UNSPECIFIED
  1 DISCRETE_PRIORITY_LOW
  2 DISCRETE_PRIORITY_MEDIUM
  3 DISCRETE_PRIORITY_HIGH
AlertAck
  1 alert_id string must ulid
  2 alert_status AlertAck.AlertStatus must
  3 reason string
enum AlertAck.AlertStatus
  0 ALERT_STATUS_UNSPECIFIED
  1 ALERT_STATUS_ACCEPTED
  2 ALERT_STATUS_REJECTED
  3 ALERT_STATUS_CANCELLED
Error
  1 packet bytes must
  2 error_message string must
LocationList
  1 locations Location many must
Location
  1 x double must
  2 y double must
  3 z double
  4 x_error double
  5 y_error double
  6 z_error double
  7 coordinate_system LocationCoordinateSystem must
  8 datum LocationDatum must
  9 utm_zone string
enum LocationCoordinateSystem
  0 LOCATION_COORDINATE_SYSTEM_UNSPECIFIED
  1 LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
  2 LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M
  5 LOCATION_COORDINATE_SYSTEM_UTM_M
  reserved 3 4
enum LocationDatum
  0 LOCATION_DATUM_UNSPECIFIED
  1 LOCATION_DATUM_WGS84_E
  2 LOCATION_DATUM_WGS84_G
RangeBearing
  1 elevation double
  2 azimuth double
  3 range double
  4 elevation_error double
  5 azimuth_error double
  6 range_error double
  7 coordinate_system RangeBearingCoordinateSystem must
  8 datum RangeBearingDatum must
RangeBearingCone
  1 elevation double
  2 azimuth double
  3 range double
  4 horizontal_extent double
  5 vertical_extent double
  6 horizontal_extent_error double
  7 vertical_extent_error double
  8 elevation_error double
  9 azimuth_error double
  10 range_error double
  11 coordinate_system RangeBearingCoordinateSystem must
  12 datum RangeBearingDatum must
enum RangeBearingCoordinateSystem
  0 RANGE_BEARING_COORDINATE_SYSTEM_UNSPECIFIED
  1 RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_M
  2 RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_M
  3 RANGE_BEARING_COORDINATE_SYSTEM_DEGREES_KM
  4 RANGE_BEARING_COORDINATE_SYSTEM_RADIANS_KM
  reserved 5 6
enum RangeBearingDatum
  0 RANGE_BEARING_DATUM_UNSPECIFIED
  1 RANGE_BEARING_DATUM_TRUE
  2 RANGE_BEARING_DATUM_MAGNETIC
  3 RANGE_BEARING_DATUM_GRID
  4 RANGE_BEARING_DATUM_PLATFORM
ENUVelocity
  1 east_rate double must
  2 north_rate double must
  3 up_rate double
  4 east_rate_error double
  5 north_rate_error double
  6 up_rate_error double
ENUVelocityUnits
  1 east_north_rate_units SpeedUnits must
  2 up_rate_units SpeedUnits
enum SpeedUnits
  0 SPEED_UNITS_UNSPECIFIED
  1 SPEED_UNITS_MS
  2 SPEED_UNITS_KPH
  reserved 3 4
AssociatedDetection
  1 timestamp Timestamp
  2 node_id string must uuid
  3 object_id string must ulid
  4 association_type AssociationRelation
enum AssociationRelation
  0 ASSOCIATION_RELATION_UNSPECIFIED
  1 ASSOCIATION_RELATION_NO_RELATION
  2 ASSOCIATION_RELATION_PARENT
  3 ASSOCIATION_RELATION_CHILD
  4 ASSOCIATION_RELATION_SIBLING
AssociatedFile
  1 type string must
  2 url string must
"""
