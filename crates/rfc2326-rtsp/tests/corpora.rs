//! Messages of the RFC and of equipment, when the folder with them is there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use rfc2326_rtsp::{Framer, HeaderName, Message, Severity};

/// The files of a folder beside the repository; none, with a word about it, without the folder.
fn files(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/rtsp");
    let Ok(entries) = std::fs::read_dir(path.join(folder)) else {
        eprintln!("skipped: no folder {folder}");
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_example_of_the_rfc_is_read() {
    for (path, bytes) in files("rfc2326-examples") {
        if path.extension().is_none_or(|extension| extension != "rtsp") {
            continue;
        }
        let message = Message::parse(bytes.clone()).unwrap();
        let view = message.view();
        assert_eq!(view.as_bytes(), bytes);
        for defect in view.check() {
            eprintln!("{}: {defect}", path.display());
        }
        for transport in view.transports() {
            transport.unwrap();
        }
        for stream in view.rtp_info() {
            stream.unwrap();
        }
        assert!(
            view.session().is_none_or(|session| session.is_ok()),
            "{}",
            path.display()
        );
    }
}

#[test]
fn every_message_of_a_camera_is_read() {
    for (path, bytes) in files("retina-camera-messages") {
        if bytes.starts_with(b"v=0") {
            continue; // a description alone
        }
        let message = Message::parse(bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let view = message.view();
        assert!(
            view.transports().all(|transport| transport.is_ok()),
            "{}",
            path.display()
        );
        assert!(
            view.rtp_info().all(|stream| stream.is_ok()),
            "{}",
            path.display()
        );
        assert!(
            view.session().is_none_or(|session| session.is_ok()),
            "{}",
            path.display()
        );
        for defect in view.check() {
            eprintln!("{}: {} {defect}", path.display(), defect.severity());
            assert!(
                defect.severity() < Severity::Error || view.first(HeaderName::CSeq).is_none(),
                "{}: {defect}",
                path.display()
            );
        }
    }
}

#[test]
fn what_broke_others_is_read_or_refused() {
    for (_, bytes) in files("gortsplib-fuzz-regressions") {
        let _ = Message::parse(bytes.clone()).map(|message| message.view().check());
        let mut framer = Framer::new();
        framer.push(&bytes);
        while let Ok(Some(_)) = framer.poll() {}
    }
}
