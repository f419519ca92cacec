"""`gallery`: a website of images, with a map."""

from tasks.processors.gallery.gallery import Gallery as Gallery
