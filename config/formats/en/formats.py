"""Times that are as short as they are exact, and sort as text does."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = "Y-m-d H:i:s"
