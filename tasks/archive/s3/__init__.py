"""Files kept in an S3 bucket; imported only where STORE_URL names one."""

from tasks.archive.s3.store import open_s3 as open_s3
