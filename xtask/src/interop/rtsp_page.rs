//! The page of `telephony rtsp play --web` in a real browser: each button does what it says, the
//! picture moves while it plays and stands while it is paused, the plots move.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::inspect::build;
use super::peer::{Peer, Workspace};
use super::rtsp_browser::Browser;
use super::rtsp_server::{Served, users};

/// Bytes that the screenshot in the documentation may have.
const SCREENSHOT_BYTES: usize = 200_000;
/// What the page shows of the state.
const STATE: &str = "document.getElementById('state').textContent";

pub(super) fn test() -> Result<()> {
    let telephony = build()?;
    let folder = Workspace::new("rtsp-page")?;
    let users = users(&folder)?;
    let served = Served::start(
        &telephony,
        &folder,
        &["--synthetic", "--fps", "10", "--users", &users],
    )?;
    let mut command = Command::new(&telephony);
    command
        .args(["rtsp", "play", &served.url_of_user()])
        .args(["--web", "127.0.0.1:0"]);
    let mut player = Peer::start(folder.path(), "play", &mut command)?;
    player.wait_for("http://", Duration::from_secs(10))?;
    let url = player.log().trim().to_owned();
    strangers_are_refused(&url)?;

    let mut browser = Browser::start(&folder, 1180, 900)?;
    browser.open(&url)?;
    browser.wait_until("document.getElementById('url')?.textContent.startsWith('rtsp://')")?;
    ensure!(
        !browser.text("#url")?.contains("secret"),
        "the password is shown"
    );
    ensure!(browser.evaluate(STATE)? == "Init");
    one_by_one(&mut browser)?;
    by_one_touch(&mut browser, &served)?;
    keep_screenshot(&mut browser)?;
    by_keyboard(&mut browser)?;
    stop_resets(&mut browser)?;
    Ok(())
}

/// SETUP, DESCRIBE, PLAY, PAUSE, PLAY, TEARDOWN, each by its button.
fn one_by_one(browser: &mut Browser) -> Result<()> {
    let button = |action: &str| format!("button[data-action={action}]");
    for (action, is_disabled) in [
        ("setup", false),
        ("play", true),
        ("pause", true),
        ("teardown", true),
    ] {
        let disabled = browser.evaluate(&format!(
            "document.querySelector({:?}).disabled",
            button(action)
        ))?;
        ensure!(disabled == is_disabled, "{action} in Init");
    }
    browser.click(&button("setup"))?;
    browser.wait_until(&format!("{STATE} === 'Ready'"))?;
    ensure!(browser.evaluate("document.getElementById('picture').hidden")? == true);
    browser.click(&button("describe"))?;
    browser.wait_until(
        "document.getElementById('description').textContent.includes('m=video 0 RTP/AVP 26')",
    )?;
    let dialogue = browser.text("#dialogue")?;
    for line in [
        "DESCRIBE rtsp://",
        "401 Unauthorized",
        "Authorization: Digest",
        "SETUP rtsp://",
        "RTSP/1.0 200 OK",
    ] {
        ensure!(dialogue.contains(line), "no {line:?} in the dialogue");
    }
    browser.click(&button("play"))?;
    browser.wait_until(&format!("{STATE} === 'Playing'"))?;
    picture_moves(browser)?;
    plots_move(browser)?;

    browser.click(&button("pause"))?;
    browser.wait_until(&format!("{STATE} === 'Ready'"))?;
    // What was on its way arrives.
    thread::sleep(Duration::from_millis(500));
    let (picture, frames) = (
        browser.screenshot(Some("#picture"))?,
        browser.text("#frames")?,
    );
    thread::sleep(Duration::from_millis(1000));
    ensure!(
        browser.screenshot(Some("#picture"))? == picture,
        "the picture moves while it is paused"
    );
    ensure!(
        browser.text("#frames")? == frames,
        "frames come while it is paused"
    );
    browser.click(&button("play"))?;
    picture_moves(browser)?;
    browser.click(&button("teardown"))?;
    browser.wait_until(&format!("{STATE} === 'Init'"))?;
    ensure!(browser.text("#dialogue")?.contains("TEARDOWN rtsp://"));
    Ok(())
}

/// Play does all that is needed; the server has seen it.
fn by_one_touch(browser: &mut Browser, served: &Served) -> Result<()> {
    let before = served.events("playing").len();
    browser.click("#start")?;
    browser.wait_until(&format!("{STATE} === 'Playing'"))?;
    picture_moves(browser)?;
    ensure!(served.events("playing").len() == before + 1);
    ensure!(browser.text("#loss")? == "0.00 %", "loss on loopback");
    // The first figure comes when there is something to measure.
    browser.wait_until("parseFloat(document.getElementById('rate').textContent) > 5")
}

/// Without a mouse: from Stop on the key Tab goes to the enabled buttons, Enter presses them.
fn by_keyboard(browser: &mut Browser) -> Result<()> {
    browser.evaluate("document.getElementById('stop').focus()")?;
    let focus = "document.activeElement.dataset.action";
    for _ in 0..4 {
        browser.press("Tab", "")?;
        if browser.evaluate(focus)? == "pause" {
            browser.press("Enter", "\r")?;
            browser.wait_until(&format!("{STATE} === 'Ready'"))?;
            browser.click("button[data-action=play]")?;
            return browser.wait_until(&format!("{STATE} === 'Playing'"));
        }
    }
    bail!("Tab does not come to PAUSE")
}

fn stop_resets(browser: &mut Browser) -> Result<()> {
    browser.click("#stop")?;
    browser.wait_until(&format!("{STATE} === 'Init'"))?;
    browser.wait_until("document.getElementById('picture').hidden")?;
    for (what, expected) in [("#frames", "0"), ("#dialogue", ""), ("#loss", "0 %")] {
        ensure!(browser.text(what)? == expected, "{what} after Stop");
    }
    let points =
        browser.evaluate("document.querySelector('#rate-plot polyline').getAttribute('points')")?;
    ensure!(points.is_null(), "a plot after Stop");
    // And it begins anew.
    browser.click("#start")?;
    browser.wait_until(&format!("{STATE} === 'Playing'"))?;
    picture_moves(browser)
}

fn picture_moves(browser: &mut Browser) -> Result<()> {
    browser.wait_until("document.getElementById('picture').naturalWidth === 480")?;
    let first = browser.screenshot(Some("#picture"))?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(150));
        if browser.screenshot(Some("#picture"))? != first {
            return Ok(());
        }
    }
    bail!("the picture stands still")
}

fn plots_move(browser: &mut Browser) -> Result<()> {
    for plot in ["loss", "rate", "jitter"] {
        let points = format!(
            "(document.querySelector('#{plot}-plot polyline').getAttribute('points') || '')"
        );
        let before = browser.evaluate(&points)?;
        let before = before.as_str().unwrap_or_default();
        browser.wait_until(&format!("{points} !== {before:?}"))?;
    }
    Ok(())
}

/// Keeps what the page looks like for the documentation, where it is not kept yet.
fn keep_screenshot(browser: &mut Browser) -> Result<()> {
    // Some seconds, for the plots.
    thread::sleep(Duration::from_secs(4));
    let png = STANDARD.decode(browser.screenshot(None)?);
    let png = png.map_err(anyhow::Error::msg)?;
    ensure!(
        png.starts_with(b"\x89PNG") && png.len() < SCREENSHOT_BYTES,
        "{} bytes",
        png.len()
    );
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rtsp-player.png");
    if !kept.exists() {
        std::fs::write(kept, png)?;
    }
    Ok(())
}

/// Other origins and other names of this machine.
fn strangers_are_refused(url: &str) -> Result<()> {
    use std::io::{Read as _, Write as _};
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let ask = |request: String| -> Result<String> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("no answer")?;
        Ok(answer)
    };
    let tail = "Connection: close\r\nContent-Length: 0\r\n\r\n";
    for (request, status) in [
        (
            format!("GET / HTTP/1.1\r\nHost: {address}\r\n{tail}"),
            "200",
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: evil.example\r\n{tail}"),
            "403",
        ),
        (
            format!("POST /action/start HTTP/1.1\r\nHost: {address}\r\n{tail}"),
            "403",
        ),
        (
            format!(
                "POST /action/start HTTP/1.1\r\nHost: {address}\r\nOrigin: http://evil.example\r\n{tail}"
            ),
            "403",
        ),
    ] {
        let answer = ask(request.clone())?;
        ensure!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{request}\n{answer}"
        );
    }
    Ok(())
}
