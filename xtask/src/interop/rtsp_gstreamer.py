# A server of gst-rtsp-server for the interop tests: JPEG files of a folder, over and over.
#   rtsp_gstreamer.py PORT FOLDER FRAMES_PER_SECOND USER PASSWORD
# Serves rtsp://127.0.0.1:PORT/movie to who authenticates by Digest; says "ready".
import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

port, folder, rate, user, password = sys.argv[1:6]
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)

token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "user")
auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
auth.add_digest(user, password, token)
server.set_auth(auth)

factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( appsrc name=source format=time caps=image/jpeg,framerate={rate}/1 ! jpegparse ! rtpjpegpay name=pay0 pt=26 )"
)
images = [open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))]
duration = Gst.SECOND // int(rate)


def configure(_factory, media):
    count = [0]

    def need_data(source, _length):
        buffer = Gst.Buffer.new_wrapped(images[count[0] % len(images)])
        buffer.pts = count[0] * duration
        buffer.duration = duration
        count[0] += 1
        source.emit("push-buffer", buffer)

    media.get_element().get_by_name("source").connect("need-data", need_data)


factory.connect("media-configure", configure)
permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role("user", "media.factory.access", True)
permissions.add_permission_for_role("user", "media.factory.construct", True)
factory.set_permissions(permissions)
server.get_mount_points().add_factory("/movie", factory)

if server.attach(None) == 0:
    sys.exit("cannot listen")
print("ready", flush=True)
GLib.MainLoop().run()
