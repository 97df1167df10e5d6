"""Sound with telephone events in between, from GStreamer. Arguments: a port, then the events."""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst

Gst.init(None)
port, keys = sys.argv[1], [int(key) for key in sys.argv[2:]]
# With timestamps of their own, events and sound would not go into one stream.
pipeline = Gst.parse_launch(
    "rtpdtmfmux name=mux ssrc=7 ! udpsink host=127.0.0.1 port=" + port + " async=false "
    "rtpdtmfsrc name=keys pt=101 ssrc=7 seqnum-offset=0 timestamp-offset=0 packet-redundancy=3 ! mux.priority_sink_0 "
    "audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 "
    "! mulawenc ! rtppcmupay ssrc=7 seqnum-offset=0 timestamp-offset=0 ptime-multiple=20000000 ! mux.sink_0"
)
pad = pipeline.get_by_name("keys").get_static_pad("src")
loop = GLib.MainLoop()


def press(key, start):
    values = {"type": 1, "method": 1, "start": start}
    if start:
        values.update(number=key, volume=10)
    event = Gst.Structure.new_empty("dtmf-event")
    for name, value in values.items():
        event.set_value(name, value)
    pad.send_event(Gst.Event.new_custom(Gst.EventType.CUSTOM_UPSTREAM, event))
    return False


pipeline.set_state(Gst.State.PLAYING)
for place, key in enumerate(keys):
    begin = 500 + 450 * place
    GLib.timeout_add(begin, press, key, True)
    GLib.timeout_add(begin + 150, press, key, False)
GLib.timeout_add(500 + 450 * len(keys) + 500, loop.quit)
loop.run()
pipeline.set_state(Gst.State.NULL)
