"""What makes a task's result of its assets; deployments can add their own."""

from tasks.processors.base import Processor as Processor
from tasks.processors.base import ProcessorJob as ProcessorJob
from tasks.processors.base import Product as Product
from tasks.processors.registry import NoSuchProcessor as NoSuchProcessor
from tasks.processors.registry import find as find
from tasks.processors.registry import known_names as known_names
