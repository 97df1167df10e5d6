use rfc3261_sip::*;
fn main() {
    for d in ["rfc4475", "rfc5118-crlf"] {
        let mut v: Vec<_> = std::fs::read_dir(format!("/work/shared/corpora/sip-torture/{d}"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "dat"))
            .collect();
        v.sort();
        for p in v {
            let b = std::fs::read(&p).unwrap();
            let n = p.file_name().unwrap().to_str().unwrap();
            let strict = Parser::new()
                .policy(Policy::Strict)
                .parse(&b)
                .map(|_| ())
                .err();
            match Message::parse(b.clone()) {
                Err(e) => println!("{n}: ERR {e}"),
                Ok(m) => {
                    let r = m.view().rejection("t");
                    let out = match r {
                        None => "accept".into(),
                        Some(Rejection::Drop(x)) => format!("drop {x:?}"),
                        Some(Rejection::Respond(b)) => String::from_utf8_lossy(&b.build().unwrap())
                            .lines()
                            .next()
                            .unwrap()
                            .to_string(),
                    };
                    println!(
                        "{n}: {out} | strict {:?} | {}",
                        strict.map(|e| e.to_string()),
                        m.check()
                            .iter()
                            .map(|d| format!("{}:{d}", d.severity()))
                            .collect::<Vec<_>>()
                            .join("; ")
                    );
                }
            }
        }
    }
}
