"""Times with seconds, as in logs and in the API."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
# With the zone's name.
DATETIME_FORMAT = "Y-m-d H:i:s T"
SHORT_DATE_FORMAT = DATE_FORMAT
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
