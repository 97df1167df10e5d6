//! `telephony rtsp` as a person meets it: serving and playing on loopback.

#![allow(clippy::unwrap_used)] // in the helpers of these tests
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc)] // a program, never `no_std`

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rfc2435_jpeg::JpegImage;
use rfc2617_auth::{Ha1, Hash};
use serde_json::Value;

/// A JPEG image of the repository.
const JPEG: &[u8] = include_bytes!("../../rfc2435-jpeg/tests/vectors/py_Q75_frame.jpg");

fn telephony(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telephony"));
    command.arg("rtsp").args(arguments);
    command
}

/// A server on any port, until it is dropped.
struct Server {
    child: Child,
    /// The URL of what it serves first.
    url: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = telephony(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--duration",
            "60",
        ])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        // What it says later must not stop it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let serving: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(serving["event"], "serving");
        let url = serving["url"].as_str().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("telephony-rtsp-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn play(url: &str, arguments: &[&str]) -> Output {
    telephony(&["play", url]).args(arguments).output().unwrap()
}

/// The images of a folder or a file.
fn images(path: &str) -> Vec<Vec<u8>> {
    if Path::new(path).is_dir() {
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        return names
            .iter()
            .map(|name| std::fs::read(name).unwrap())
            .collect();
    }
    let bytes = std::fs::read(path).unwrap();
    let starts: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, window)| *window == [0xff, 0xd8, 0xff])
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| bytes[start..end].to_vec())
        .collect()
}

#[test]
fn a_test_picture_is_played_by_udp_and_tcp() {
    let folder = Folder::new("synthetic");
    let server = Server::start(&["--synthetic", "--fps", "10"]);
    assert!(server.url.ends_with("/synthetic"));
    for (transport, output) in [("udp", "frames/"), ("tcp", "frames.mjpeg")] {
        let path = folder.path(output);
        let arguments = [
            "--transport",
            transport,
            "--duration",
            "1.5",
            "--json",
            "--output",
            &path,
        ];
        let played = play(&server.url, &arguments);
        assert_eq!(played.status.code(), Some(0), "{played:?}");
        let summary: Value = serde_json::from_slice(&played.stdout).unwrap();
        let frames = summary["frames"].as_u64().unwrap();
        assert!(frames >= 5, "{summary}");
        assert_eq!(summary["loss"], 0.0);
        assert_eq!(summary["broken_frames"], 0);
        assert!(summary["data_rate"].as_f64().unwrap() > 0.0);
        let images = images(&path);
        assert!(
            images.len() as u64 >= frames - 1,
            "{} {frames}",
            images.len()
        );
        let mut pictures: Vec<_> = images
            .iter()
            .map(|image| JpegImage::parse(image).unwrap())
            .collect();
        assert_eq!((pictures[0].width(), pictures[0].height()), (480, 272));
        let count = pictures.len();
        pictures.dedup();
        assert_eq!(pictures.len(), count, "each has another number");
    }
}

/// Plain images, images behind their lengths, and a folder, by one server that knows one user.
#[test]
fn files_come_whole_to_who_is_let_in() {
    let folder = Folder::new("files");
    let numbered = [format!("{:05}", JPEG.len()).as_bytes(), JPEG].concat();
    std::fs::create_dir(folder.0.join("pictures")).unwrap();
    folder.write("pictures/1.jpg", JPEG);
    folder.write("pictures/2.jpg", JPEG);
    let secret = Ha1::new(Hash::Md5, "alice", "movies", "secret");
    let users = folder.write("users", format!("alice:movies:{}\n", secret.expose()));
    let password = folder.write("password", "secret\n");
    let server = Server::start(&[
        &folder.write("movie 1.Mjpeg", numbered.repeat(4)),
        &folder.write("plain.mjpeg", JPEG.repeat(3)),
        &folder.path("pictures"),
        "--fps",
        "50",
        "--users",
        &users,
    ]);
    let base = server.url.strip_suffix("movie%201.Mjpeg").unwrap();
    let known = ["--user", "alice", "--password-file", &password];
    for (name, count) in [("movie%201.Mjpeg", 4), ("plain.mjpeg", 3), ("pictures", 2)] {
        let url = format!("{base}{name}");
        let path = folder.path("out.mjpeg");
        let played = play(&url, &[&known[..], &["--output", &path]].concat());
        assert_eq!(played.status.code(), Some(0), "{played:?}");
        let images = images(&path);
        assert_eq!(images.len(), count);
        let sent = JpegImage::parse(JPEG).unwrap();
        assert!(
            images
                .iter()
                .all(|image| JpegImage::parse(image).unwrap() == sent)
        );
        let text = String::from_utf8(played.stdout).unwrap();
        assert!(text.contains("loss 0.00 %"), "{text}");
    }
    let in_url = server.url.replacen("//", "//alice:secret@", 1);
    assert_eq!(play(&in_url, &[]).status.code(), Some(0));
    let refused = play(&server.url, &[]);
    assert_eq!(refused.status.code(), Some(1));
    let reason = String::from_utf8(refused.stderr).unwrap();
    assert!(reason.contains("the server wants credentials"), "{reason}");
    let wrong = play(&server.url.replacen("//", "//alice:wrong@", 1), &[]);
    assert_eq!(wrong.status.code(), Some(1));
    let reason = String::from_utf8(wrong.stderr).unwrap();
    assert!(!reason.contains("alice:wrong"), "{reason}");
}

#[test]
fn wrong_usage_and_failures_have_their_exit_codes() {
    let folder = Folder::new("usage");
    let bad = folder.write("bad.mjpeg", "RIFF");
    let users = folder.write("users", "alice:secret");
    for (arguments, code) in [
        (&["serve"][..], 2),
        (&["serve", "no such file"], 2),
        (&["serve", &bad], 2),
        (&["serve", "--synthetic", "--users", &users], 2),
        (&["serve", "--synthetic", "--fps", "0"], 2),
        (
            &[
                "serve",
                "--synthetic",
                "--listen",
                "127.0.0.1:0",
                "--multicast",
                "192.0.2.1:5004",
            ],
            2,
        ),
        (&["serve", "--synthetic", "--listen", "192.0.2.1:0"], 1),
        (&["play", "http://127.0.0.1/"], 2),
        (&["play", "rtsp://127.0.0.1:1/a"], 1),
        (&["play", "rtsp://127.0.0.1:1/a", "--duration", "-1"], 2),
        (
            &["play", "rtsp://127.0.0.1:1/a", "--web", "192.0.2.1:80"],
            2,
        ),
        (&["play", "rtsp://127.0.0.1:1/a", "--user", "alice"], 2),
    ] {
        let output = telephony(arguments)
            .env_remove("TELEPHONY_RTSP_PASSWORD")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {output:?}");
        assert!(!output.stderr.is_empty());
    }
}
