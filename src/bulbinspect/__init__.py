"""bulbinspect: one verdict for a bulb photographed from several sides."""
