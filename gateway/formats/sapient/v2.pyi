"""What `v2` builds at run time, for the type checker: one class per message and per enumeration of `table_v2`."""

from collections.abc import Iterable, MutableSequence, Sequence
from enum import IntEnum
from typing import TypeVar, overload

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.formats.sapient.schema import Schema

def schema() -> Schema: ...

_M = TypeVar("_M", bound=Message)

class Fields(Message):
    def __init__(self, **fields: object) -> None: ...

class Several(Sequence[_M]):
    """A repeated message: elements are added in place."""
    def add(self, **fields: object) -> _M: ...
    def append(self, message: _M) -> None: ...
    def extend(self, messages: Iterable[_M]) -> None: ...
    def __delitem__(self, place: int | slice) -> None: ...
    @overload
    def __getitem__(self, place: int) -> _M: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[_M]: ...
    def __len__(self) -> int: ...

class RegistrationNodeType(IntEnum):
    UNSPECIFIED = 0
    OTHER = 1
    RADAR = 2
    LIDAR = 3
    CAMERA = 4
    SEISMIC = 5
    ACOUSTIC = 6
    PROXIMITY_SENSOR = 7
    PASSIVE_RF = 8
    HUMAN = 9
    CHEMICAL = 10
    BIOLOGICAL = 11
    RADIATION = 12
    KINETIC = 13
    JAMMER = 14
    CYBER = 15
    LDEW = 16
    RFDEW = 17
    MOBILE_NODE = 18
    POINTABLE_NODE = 19
    FUSION_NODE = 20

class RegistrationTimeUnits(IntEnum):
    UNSPECIFIED = 0
    NANOSECONDS = 1
    MICROSECONDS = 2
    MILLISECONDS = 3
    SECONDS = 4
    MINUTES = 5
    HOURS = 6
    DAYS = 7

class RegistrationStatusReportCategory(IntEnum):
    UNSPECIFIED = 0
    SENSOR = 1
    POWER = 2
    MODE = 3
    STATUS = 4

class RegistrationModeType(IntEnum):
    UNSPECIFIED = 0
    PERMANENT = 1
    TEMPORARY = 2
    DEFAULT = 3

class RegistrationScanType(IntEnum):
    UNSPECIFIED = 0
    FIXED = 1
    SCANNING = 2
    STEERABLE = 3

class RegistrationTrackingType(IntEnum):
    UNSPECIFIED = 0
    NONE = 1
    TRACKLET = 2
    TRACK = 3
    TRACK_WITH_RE_ID = 4

class RegistrationDetectionReportCategory(IntEnum):
    UNSPECIFIED = 0
    DETECTION = 1
    TRACK = 2
    OBJECT = 3
    SIGNAL = 4

class RegistrationConfidenceDefinition(IntEnum):
    UNSPECIFIED = 0
    SINGLE_CLASS = 1
    MULTI_CLASS = 2

class RegistrationCommandType(IntEnum):
    UNSPECIFIED = 0
    REQUEST = 1
    DETECTION_THRESHOLD = 2
    DETECTION_REPORT_RATE = 3
    CLASSIFICATION_THRESHOLD = 4
    MODE_CHANGE = 5
    LOOK_AT = 6
    MOVE_TO = 7
    PATROL = 8
    FOLLOW = 9

class RegistrationRegionType(IntEnum):
    UNSPECIFIED = 0
    AREA_OF_INTEREST = 1
    IGNORE = 2
    BOUNDARY = 3
    MOBILE_NODE_NO_GO_AREA = 4
    MOBILE_NODE_GO_AREA = 5

class Operator(IntEnum):
    UNSPECIFIED = 0
    ALL = 1
    GREATER_THAN = 2
    LESS_THAN = 3
    EQUAL = 4

class StatusReportSystem(IntEnum):
    UNSPECIFIED = 0
    OK = 1
    WARNING = 2
    ERROR = 3
    GOODBYE = 5

class StatusReportPowerSource(IntEnum):
    UNSPECIFIED = 0
    OTHER = 1
    MAINS = 2
    INTERNAL_BATTERY = 3
    EXTERNAL_BATTERY = 4
    GENERATOR = 5
    SOLAR_PV = 6
    WIND_TURBINE = 7
    FUEL_CELL = 8

class StatusReportPowerStatus(IntEnum):
    UNSPECIFIED = 0
    OK = 1
    FAULT = 2

class StatusReportInfo(IntEnum):
    UNSPECIFIED = 0
    NEW = 1
    UNCHANGED = 2

class StatusReportStatusType(IntEnum):
    UNSPECIFIED = 0
    INTERNAL_FAULT = 1
    EXTERNAL_FAULT = 2
    ILLUMINATION = 3
    WEATHER = 4
    CLUTTER = 5
    EXPOSURE = 6
    MOTION_SENSITIVITY = 7
    PTZ_STATUS = 8
    PD = 9
    FAR = 10
    NOT_DETECTING = 11
    PLATFORM = 12
    OTHER = 13

class StatusReportStatusLevel(IntEnum):
    UNSPECIFIED = 0
    INFORMATION_STATUS = 2
    WARNING_STATUS = 3
    ERROR_STATUS = 4

class TaskControl(IntEnum):
    UNSPECIFIED = 0
    START = 1
    STOP = 2
    PAUSE = 3

class TaskDiscreteThreshold(IntEnum):
    UNSPECIFIED = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

class TaskRegionType(IntEnum):
    UNSPECIFIED = 0
    AREA_OF_INTEREST = 1
    IGNORE = 2
    BOUNDARY = 3
    MOBILE_NODE_NO_GO_AREA = 4
    MOBILE_NODE_GO_AREA = 5

class TaskAckTaskStatus(IntEnum):
    UNSPECIFIED = 0
    ACCEPTED = 1
    REJECTED = 2
    COMPLETED = 3
    FAILED = 4

class AlertType(IntEnum):
    UNSPECIFIED = 0
    INFORMATION = 1
    WARNING = 2
    CRITICAL = 3
    ERROR = 4
    FATAL = 5
    MODE_CHANGE = 6

class AlertStatus(IntEnum):
    UNSPECIFIED = 0
    ACTIVE = 1
    ACKNOWLEDGE = 2
    REJECT = 3
    IGNORE = 4
    CLEAR = 5

class AlertDiscretePriority(IntEnum):
    UNSPECIFIED = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

class AlertAckStatus(IntEnum):
    UNSPECIFIED = 0
    ACCEPTED = 1
    REJECTED = 2
    CANCELLED = 3

class LocationCoordinateSystem(IntEnum):
    UNSPECIFIED = 0
    LAT_LNG_DEG_M = 1
    LAT_LNG_RAD_M = 2
    UTM_M = 5

class LocationDatum(IntEnum):
    UNSPECIFIED = 0
    WGS84_E = 1
    WGS84_G = 2

class RangeBearingCoordinateSystem(IntEnum):
    UNSPECIFIED = 0
    DEGREES_M = 1
    RADIANS_M = 2
    DEGREES_KM = 3
    RADIANS_KM = 4

class RangeBearingDatum(IntEnum):
    UNSPECIFIED = 0
    TRUE = 1
    MAGNETIC = 2
    GRID = 3
    PLATFORM = 4

class SpeedUnits(IntEnum):
    UNSPECIFIED = 0
    MS = 1
    KPH = 2

class AssociationRelation(IntEnum):
    UNSPECIFIED = 0
    NO_RELATION = 1
    PARENT = 2
    CHILD = 3
    SIBLING = 4

class SapientMessage(Fields):
    @property
    def timestamp(self) -> Timestamp: ...
    node_id: str
    destination_id: str
    @property
    def registration(self) -> Registration: ...
    @property
    def registration_ack(self) -> RegistrationAck: ...
    @property
    def status_report(self) -> StatusReport: ...
    @property
    def detection_report(self) -> DetectionReport: ...
    @property
    def task(self) -> Task: ...
    @property
    def task_ack(self) -> TaskAck: ...
    @property
    def alert(self) -> Alert: ...
    @property
    def alert_ack(self) -> AlertAck: ...
    @property
    def error(self) -> Error: ...
    additional_information: str

class Registration(Fields):
    @property
    def node_definition(self) -> Several[RegistrationNodeDefinition]: ...
    icd_version: str
    name: str
    short_name: str
    @property
    def capabilities(self) -> Several[RegistrationCapability]: ...
    @property
    def status_definition(self) -> RegistrationStatusDefinition: ...
    @property
    def mode_definition(self) -> Several[RegistrationModeDefinition]: ...
    @property
    def dependent_nodes(self) -> MutableSequence[str]: ...
    @property
    def reporting_region(self) -> Several[LocationOrRangeBearing]: ...
    @property
    def config_data(self) -> Several[RegistrationConfigurationData]: ...

class RegistrationNodeDefinition(Fields):
    node_type: int
    @property
    def node_sub_type(self) -> MutableSequence[str]: ...

class RegistrationCapability(Fields):
    category: str
    type: str
    value: str
    units: str

class RegistrationStatusDefinition(Fields):
    @property
    def status_interval(self) -> RegistrationDuration: ...
    @property
    def location_definition(self) -> RegistrationLocationType: ...
    @property
    def coverage_definition(self) -> RegistrationLocationType: ...
    @property
    def obscuration_definition(self) -> RegistrationLocationType: ...
    @property
    def status_report(self) -> Several[RegistrationStatusReport]: ...
    @property
    def field_of_view_definition(self) -> RegistrationLocationType: ...

class RegistrationDuration(Fields):
    units: int
    value: float

class RegistrationModeParameter(Fields):
    type: str
    value: str

class RegistrationLocationType(Fields):
    location_units: int
    range_bearing_units: int
    location_datum: int
    range_bearing_datum: int
    zone: str

class RegistrationVelocityType(Fields):
    @property
    def enu_velocity_units(self) -> ENUVelocityUnits: ...
    location_datum: int
    range_bearing_datum: int
    zone: str

class RegistrationStatusReport(Fields):
    category: int
    type: str
    units: str
    on_change: bool

class RegistrationModeDefinition(Fields):
    mode_name: str
    mode_type: int
    mode_description: str
    @property
    def settle_time(self) -> RegistrationDuration: ...
    @property
    def maximum_latency(self) -> RegistrationDuration: ...
    scan_type: int
    tracking_type: int
    @property
    def duration(self) -> RegistrationDuration: ...
    @property
    def mode_parameter(self) -> Several[RegistrationModeParameter]: ...
    @property
    def detection_definition(self) -> Several[RegistrationDetectionDefinition]: ...
    @property
    def task(self) -> RegistrationTaskDefinition: ...

class RegistrationDetectionDefinition(Fields):
    @property
    def location_type(self) -> RegistrationLocationType: ...
    @property
    def detection_performance(self) -> Several[RegistrationPerformanceValue]: ...
    @property
    def detection_report(self) -> Several[RegistrationDetectionReport]: ...
    @property
    def detection_class_definition(self) -> Several[RegistrationDetectionClassDefinition]: ...
    @property
    def behaviour_definition(self) -> Several[RegistrationBehaviourDefinition]: ...
    @property
    def velocity_type(self) -> RegistrationVelocityType: ...
    @property
    def geometric_error(self) -> RegistrationGeometricError: ...

class RegistrationGeometricError(Fields):
    type: str
    units: str
    variation_type: str
    @property
    def performance_value(self) -> Several[RegistrationPerformanceValue]: ...

class RegistrationPerformanceValue(Fields):
    type: str
    units: str
    unit_value: str
    variation_type: str

class RegistrationDetectionReport(Fields):
    category: int
    type: str
    units: str
    on_change: bool

class RegistrationDetectionClassDefinition(Fields):
    confidence_definition: int
    @property
    def class_performance(self) -> Several[RegistrationPerformanceValue]: ...
    @property
    def class_definition(self) -> Several[RegistrationClassDefinition]: ...
    @property
    def taxonomy_dock_definition(self) -> Several[RegistrationTaxonomyDockDefinition]: ...

class RegistrationClassDefinition(Fields):
    type: str
    units: str
    @property
    def sub_class(self) -> Several[RegistrationSubClass]: ...

class RegistrationSubClass(Fields):
    type: str
    units: str
    level: int
    @property
    def sub_class(self) -> Several[RegistrationSubClass]: ...

class RegistrationBehaviourDefinition(Fields):
    type: str
    units: str

class RegistrationTaskDefinition(Fields):
    concurrent_tasks: int
    @property
    def region_definition(self) -> RegistrationRegionDefinition: ...
    @property
    def command(self) -> Several[RegistrationCommand]: ...

class RegistrationClassFilterDefinition(Fields):
    @property
    def filter_parameter(self) -> Several[RegistrationFilterParameter]: ...
    @property
    def sub_class_definition(self) -> Several[RegistrationSubClassFilterDefinition]: ...
    type: str

class RegistrationSubClassFilterDefinition(Fields):
    @property
    def filter_parameter(self) -> Several[RegistrationFilterParameter]: ...
    level: int
    type: str
    @property
    def sub_class_definition(self) -> Several[RegistrationSubClassFilterDefinition]: ...

class RegistrationFilterParameter(Fields):
    parameter: str
    @property
    def operators(self) -> MutableSequence[int]: ...

class RegistrationBehaviourFilterDefinition(Fields):
    @property
    def filter_parameter(self) -> Several[RegistrationFilterParameter]: ...
    type: str

class RegistrationCommand(Fields):
    units: str
    @property
    def completion_time(self) -> RegistrationDuration: ...
    type: int

class RegistrationRegionDefinition(Fields):
    @property
    def region_type(self) -> MutableSequence[int]: ...
    @property
    def settle_time(self) -> RegistrationDuration: ...
    @property
    def region_area(self) -> Several[RegistrationLocationType]: ...
    @property
    def class_filter_definition(self) -> Several[RegistrationClassFilterDefinition]: ...
    @property
    def behaviour_filter_definition(self) -> Several[RegistrationBehaviourFilterDefinition]: ...

class RegistrationTaxonomyDockDefinition(Fields):
    Dock_class_namespace: str
    Dock_class: str
    @property
    def Extension_subclass(self) -> Several[RegistrationExtensionSubclass]: ...  # noqa: N802  # the standard's name

class RegistrationExtensionSubclass(Fields):
    Subclass_namespace: str
    Subclass_name: str
    units: str

class RegistrationConfigurationData(Fields):
    manufacturer: str
    model: str
    serial_number: str
    hardware_version: str
    software_version: str
    @property
    def sub_components(self) -> Several[RegistrationConfigurationData]: ...

class RegistrationAck(Fields):
    acceptance: bool
    @property
    def ack_response_reason(self) -> MutableSequence[str]: ...

class StatusReport(Fields):
    report_id: str
    system: int
    info: int
    active_task_id: str
    mode: str
    @property
    def power(self) -> StatusReportPower: ...
    @property
    def node_location(self) -> Location: ...
    @property
    def field_of_view(self) -> LocationOrRangeBearing: ...
    @property
    def obscuration(self) -> Several[LocationOrRangeBearing]: ...
    @property
    def status(self) -> Several[StatusReportStatus]: ...
    @property
    def coverage(self) -> Several[LocationOrRangeBearing]: ...

class StatusReportPower(Fields):
    level: int
    source: int
    status: int

class StatusReportStatus(Fields):
    status_level: int
    status_value: str
    status_type: int

class DetectionReport(Fields):
    report_id: str
    object_id: str
    task_id: str
    state: str
    @property
    def range_bearing(self) -> RangeBearing: ...
    @property
    def location(self) -> Location: ...
    detection_confidence: float
    @property
    def track_info(self) -> Several[DetectionReportTrackObjectInfo]: ...
    @property
    def prediction_location(self) -> DetectionReportPredictedLocation: ...
    @property
    def object_info(self) -> Several[DetectionReportTrackObjectInfo]: ...
    @property
    def classification(self) -> Several[DetectionReportClassification]: ...
    @property
    def behaviour(self) -> Several[DetectionReportBehaviour]: ...
    @property
    def associated_file(self) -> Several[AssociatedFile]: ...
    @property
    def signal(self) -> Several[DetectionReportSignal]: ...
    @property
    def associated_detection(self) -> Several[AssociatedDetection]: ...
    @property
    def derived_detection(self) -> Several[DetectionReportDerivedDetection]: ...
    @property
    def enu_velocity(self) -> ENUVelocity: ...
    colour: str
    id: str

class DetectionReportPredictedLocation(Fields):
    @property
    def range_bearing(self) -> RangeBearing: ...
    @property
    def location(self) -> Location: ...
    @property
    def predicted_timestamp(self) -> Timestamp: ...

class DetectionReportTrackObjectInfo(Fields):
    type: str
    value: str
    error: float

class DetectionReportClassification(Fields):
    type: str
    confidence: float
    @property
    def sub_class(self) -> Several[DetectionReportSubClass]: ...

class DetectionReportSubClass(Fields):
    type: str
    confidence: float
    level: int
    @property
    def sub_class(self) -> Several[DetectionReportSubClass]: ...

class DetectionReportBehaviour(Fields):
    type: str
    confidence: float

class DetectionReportSignal(Fields):
    amplitude: float
    start_frequency: float
    centre_frequency: float
    stop_frequency: float
    pulse_duration: float

class DetectionReportDerivedDetection(Fields):
    @property
    def timestamp(self) -> Timestamp: ...
    node_id: str
    object_id: str

class Task(Fields):
    task_id: str
    task_name: str
    task_description: str
    @property
    def task_start_time(self) -> Timestamp: ...
    @property
    def task_end_time(self) -> Timestamp: ...
    control: int
    @property
    def region(self) -> Several[TaskRegion]: ...
    @property
    def command(self) -> TaskCommand: ...

class TaskCommand(Fields):
    request: str
    detection_threshold: int
    detection_report_rate: int
    classification_threshold: int
    mode_change: str
    @property
    def look_at(self) -> LocationOrRangeBearing: ...
    @property
    def move_to(self) -> LocationList: ...
    @property
    def patrol(self) -> LocationList: ...
    @property
    def follow(self) -> FollowObject: ...
    command_parameter: str

class TaskRegion(Fields):
    type: int
    region_id: str
    region_name: str
    @property
    def region_area(self) -> LocationOrRangeBearing: ...
    @property
    def class_filter(self) -> Several[TaskClassFilter]: ...
    @property
    def behaviour_filter(self) -> Several[TaskBehaviourFilter]: ...

class TaskClassFilter(Fields):
    @property
    def parameter(self) -> TaskParameter: ...
    type: str
    @property
    def sub_class_filter(self) -> Several[TaskSubClassFilter]: ...
    priority: int

class TaskSubClassFilter(Fields):
    @property
    def parameter(self) -> TaskParameter: ...
    type: str
    @property
    def sub_class_filter(self) -> Several[TaskSubClassFilter]: ...
    priority: int

class TaskBehaviourFilter(Fields):
    @property
    def parameter(self) -> TaskParameter: ...
    type: str
    priority: int

class TaskParameter(Fields):
    name: str
    operator: int
    value: float

class TaskAck(Fields):
    task_id: str
    task_status: int
    @property
    def associated_file(self) -> AssociatedFile: ...
    @property
    def reason(self) -> MutableSequence[str]: ...

class Alert(Fields):
    alert_id: str
    alert_type: int
    status: int
    description: str
    @property
    def range_bearing(self) -> RangeBearing: ...
    @property
    def location(self) -> Location: ...
    region_id: str
    priority: int
    ranking: float
    confidence: float
    @property
    def associated_file(self) -> Several[AssociatedFile]: ...
    @property
    def associated_detection(self) -> Several[AssociatedDetection]: ...
    additional_information: str

class AlertAck(Fields):
    alert_id: str
    @property
    def reason(self) -> MutableSequence[str]: ...
    alert_ack_status: int

class Error(Fields):
    packet: bytes
    @property
    def error_message(self) -> MutableSequence[str]: ...

class LocationList(Fields):
    @property
    def locations(self) -> Several[Location]: ...

class Location(Fields):
    x: float
    y: float
    z: float
    x_error: float
    y_error: float
    z_error: float
    coordinate_system: int
    datum: int
    utm_zone: str

class RangeBearing(Fields):
    elevation: float
    azimuth: float
    range: float
    elevation_error: float
    azimuth_error: float
    range_error: float
    coordinate_system: int
    datum: int

class RangeBearingCone(Fields):
    elevation: float
    azimuth: float
    range: float
    horizontal_extent: float
    vertical_extent: float
    horizontal_extent_error: float
    vertical_extent_error: float
    elevation_error: float
    azimuth_error: float
    range_error: float
    coordinate_system: int
    datum: int

class LocationOrRangeBearing(Fields):
    @property
    def range_bearing(self) -> RangeBearingCone: ...
    @property
    def location_list(self) -> LocationList: ...

class ENUVelocity(Fields):
    east_rate: float
    north_rate: float
    up_rate: float
    east_rate_error: float
    north_rate_error: float
    up_rate_error: float

class ENUVelocityUnits(Fields):
    east_north_rate_units: int
    up_rate_units: int

class AssociatedDetection(Fields):
    @property
    def timestamp(self) -> Timestamp: ...
    node_id: str
    object_id: str
    association_type: int

class AssociatedFile(Fields):
    type: str
    url: str

class FollowObject(Fields):
    follow_object_id: str
