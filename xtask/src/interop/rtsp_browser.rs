//! A headless Chromium, driven by the DevTools protocol over a pipe.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::peer::Workspace;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A browser with one page. It is ended when this is dropped.
pub(super) struct Browser {
    child: Child,
    pipe: ChildStdin,
    messages: Receiver<Value>,
    next: u64,
    session: Option<String>,
}

impl Browser {
    /// Starts a browser with a profile of its own in this folder.
    pub(super) fn start(folder: &Workspace, width: u32, height: u32) -> Result<Self> {
        let profile = folder.path().join("profile");
        std::fs::create_dir(&profile)?;
        let log = File::create(folder.path().join("chromium.log"))?;
        // The protocol is on descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >&2",
                "sh",
                "chromium",
            ])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("--window-size={width},{height}"))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("chromium does not start")?;
        let pipe = child.stdin.take().context("no pipe")?;
        let mut answers = BufReader::new(child.stdout.take().context("no pipe")?);
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            while let Ok(1..) = answers.read_until(0, &mut bytes) {
                let end = bytes.len().saturating_sub(1);
                if let Ok(message) = serde_json::from_slice(&bytes[..end])
                    && sender.send(message).is_err()
                {
                    return;
                }
                bytes.clear();
            }
        });
        let mut browser = Self {
            child,
            pipe,
            messages,
            next: 1,
            session: None,
        };
        let target = browser.command("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.command("Target.attachToTarget", attach)?;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.command("Emulation.setDeviceMetricsOverride", size)?;
        Ok(browser)
    }

    /// Sends a command and waits for its result.
    pub(super) fn command(&mut self, method: &str, parameters: Value) -> Result<Value> {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.pipe.write_all(message.to_string().as_bytes())?;
        self.pipe.write_all(&[0])?;
        let start = Instant::now();
        loop {
            let left = LIMIT.saturating_sub(start.elapsed());
            let answer = self.messages.recv_timeout(left);
            let mut answer = answer.with_context(|| format!("{method} has no answer"))?;
            if answer["id"] != id {
                continue;
            }
            if !answer["error"].is_null() {
                bail!("{method}: {}", answer["error"]);
            }
            return Ok(answer["result"].take());
        }
    }

    pub(super) fn open(&mut self, url: &str) -> Result<()> {
        self.command("Page.navigate", json!({ "url": url }))
            .map(|_| ())
    }

    /// The value of an expression of JavaScript in the page.
    pub(super) fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let parameters = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true,
        });
        let mut result = self.command("Runtime.evaluate", parameters)?;
        if !result["exceptionDetails"].is_null() {
            bail!("{expression}: {}", result["exceptionDetails"]);
        }
        Ok(result["result"]["value"].take())
    }

    /// The text that an element shows.
    pub(super) fn text(&mut self, selector: &str) -> Result<String> {
        let text = self.evaluate(&format!("document.querySelector({selector:?}).textContent"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an expression is true.
    pub(super) fn wait_until(&mut self, expression: &str) -> Result<()> {
        let start = Instant::now();
        while self.evaluate(&format!("Boolean({expression})"))? != true {
            if start.elapsed() > LIMIT {
                bail!("never became true: {expression}");
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Presses the mouse on an element.
    pub(super) fn click(&mut self, selector: &str) -> Result<()> {
        self.wait_until(&format!("!document.querySelector({selector:?}).disabled"))?;
        let place = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'nearest' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ))?;
        for kind in ["mousePressed", "mouseReleased"] {
            let parameters = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.command("Input.dispatchMouseEvent", parameters)?;
        }
        Ok(())
    }

    /// Presses a key where the focus is.
    pub(super) fn press(&mut self, key: &str, text: &str) -> Result<()> {
        for kind in ["keyDown", "keyUp"] {
            let mut parameters = json!({ "type": kind, "key": key, "code": key });
            parameters["windowsVirtualKeyCode"] = match key {
                "Tab" => 9,
                _ => 13,
            }
            .into();
            if kind == "keyDown" && !text.is_empty() {
                parameters["text"] = text.into();
            }
            self.command("Input.dispatchKeyEvent", parameters)?;
        }
        Ok(())
    }

    /// What an element looks like now, as PNG in base 64; the whole page without one.
    pub(super) fn screenshot(&mut self, selector: Option<&str>) -> Result<String> {
        let mut parameters = json!({ "format": "png" });
        if let Some(selector) = selector {
            let clip = self.evaluate(&format!(
                "(() => {{ const r = document.querySelector({selector:?}).getBoundingClientRect(); \
                 return {{ x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height, scale: 1 }}; }})()"
            ))?;
            parameters["clip"] = clip;
        }
        let shot = self.command("Page.captureScreenshot", parameters)?;
        Ok(shot["data"].as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its other processes end with it.
        let _ = self.command("Browser.close", json!({}));
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
