"""Papers a courier or a warehouse holds in their hands, set by Typst from templates a designer can edit."""
