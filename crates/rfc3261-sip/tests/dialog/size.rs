//! What a dialog costs.

use rfc3261_sip::{dialog::Dialog, transport::Transport};

use super::script::*;

/// An idle confirmed dialog takes at most 2 kB beyond its strings: in fact a tenth of that.
#[test]
fn an_idle_dialog_is_small() {
    let (invite, ok) = (invite(), ok());
    let mut kept = None;
    let info = allocation_counter::measure(|| {
        kept = Some(Dialog::uac(invite.view(), ok.view(), Transport::Udp).unwrap());
    });
    let dialog = kept.unwrap();
    let id = dialog.id();
    let strings = dialog.local().len()
        + dialog.remote().len()
        + dialog.remote_target().len()
        + dialog.route_set().map(str::len).sum::<usize>()
        + id.call_id().len()
        + id.local_tag().map_or(0, str::len)
        + id.remote_tag().map_or(0, str::len);
    let kept = usize::try_from(info.bytes_current).unwrap();
    let pointers = 2 * size_of::<Box<str>>();
    assert!(kept <= strings + pointers, "{kept} bytes for {strings}");
    assert!(size_of::<Dialog>() <= 200, "{}", size_of::<Dialog>());
}
