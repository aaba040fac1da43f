//! A repository made up from a seed: mostly files of no interest, some of every kind that matters, and a
//! folder that git ignores.

use crate::Outcome;
use domicile::model::text;
use std::fs;
use std::path::Path;

/// How many files got which verdict, by the words of the generator.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    remote: usize,
    undetermined: usize,
    capable: usize,
    fetch: usize,
    local: usize,
    none: usize,
    passed: usize,
}

impl Counts {
    pub(crate) fn files(&self) -> usize {
        self.read() + self.passed
    }

    fn read(&self) -> usize {
        self.remote + self.undetermined + self.capable + self.fetch + self.local + self.none
    }

    /// The last line of `domicile inventory`.
    pub(crate) fn line(&self) -> String {
        let mut line =
            format!("{} pipeline files read, {} passed over", group(self.read()), group(self.passed));
        for (n, name) in [
            (self.remote, "remote"),
            (self.undetermined, "undetermined"),
            (self.capable, "remote-capable"),
            (self.fetch, "fetch-only"),
            (self.local, "local"),
            (self.none, "no-evidence"),
        ] {
            if n > 0 {
                line.push_str(&format!("; {} {name}", group(n)));
            }
        }
        line
    }
}

fn group(n: usize) -> String {
    text::group(n as u64)
}

/// xorshift64*: enough to make files differ.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }

    fn words(&mut self, bytes: u64) -> String {
        const WORDS: [&str; 12] = [
            "image", "prompt", "request", "value", "model", "http", "return", "config", "base", "url",
            "openai", "pipeline",
        ];
        let mut out = String::new();
        while (out.len() as u64) < bytes {
            out.push_str(WORDS.get(self.below(12) as usize).copied().unwrap_or("x"));
            out.push(if self.below(9) == 0 { '\n' } else { ' ' });
        }
        out
    }

    /// So many lines, each behind a mark that makes it a comment.
    fn comments(&mut self, mark: &str, bytes: u64) -> String {
        self.words(bytes).lines().map(|line| format!("{mark} {line}\n")).collect()
    }
}

/// Writes the tree; what its files are.
pub(crate) fn write(tree: &Path, files: usize, seed: u64) -> Outcome<Counts> {
    let mut random = Random(seed);
    let mut counts = Counts::default();
    fs::create_dir_all(tree)?;
    fs::write(tree.join(".gitignore"), "node_modules/\n")?;
    counts.passed += 1;
    for n in 0..files / 10 {
        let folder = tree.join(format!("node_modules/p{}", n / 50));
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join(format!("m{n}.js")),
            "fetch('https://api.openai.com/v1/images/generations')\n",
        )?;
    }
    for n in 1..files {
        let folder = tree.join(format!("d{}/s{}", n % 20, n % 200));
        fs::create_dir_all(&folder)?;
        let (name, bytes) = one(n, &mut random, &mut counts);
        fs::write(folder.join(name), bytes)?;
    }
    Ok(counts)
}

/// A file: name and bytes, counted.
fn one(n: usize, random: &mut Random, counts: &mut Counts) -> (String, Vec<u8>) {
    let size = 500 + random.below(12_000);
    let python = |random: &mut Random, head: &str| {
        format!(
            "{}{head}\n\ndef f{n}(x):\n    return x + {n}\n{}",
            random.comments("#", size / 2),
            random.comments("#", size / 2)
        )
    };
    match random.below(100) {
        0..=1 => {
            counts.remote += 1;
            let call =
                "import openai\n\nclient = openai.OpenAI()\nclient.images.generate(prompt='x', model='m')";
            (format!("m{n}.py"), python(random, call).into_bytes())
        }
        2..=3 => {
            counts.fetch += 1;
            let call = "from diffusers import FluxPipeline\n\npipe = FluxPipeline.from_pretrained('org/model')\npipe('x')";
            (format!("m{n}.py"), python(random, call).into_bytes())
        }
        4 => {
            counts.remote += 1;
            let call = "await fetch('https://queue.fal.run/fal-ai/flux', { method: 'POST', body: JSON.stringify({ prompt }) })";
            (format!("m{n}.ts"), format!("{}{call}\n", random.comments("//", size)).into_bytes())
        }
        5 => {
            counts.remote += 1;
            let text = format!(
                r#"{{"1": {{"class_type": "FluxProUltraImageNode", "inputs": {{"prompt": "p{n}"}}}}, "2": {{"class_type": "SaveImage", "inputs": {{"images": ["1", 0]}}}}}}"#
            );
            (format!("w{n}.json"), text.into_bytes())
        }
        6..=7 => {
            counts.local += 1;
            let text = format!(
                r#"{{"1": {{"class_type": "KSampler", "inputs": {{"seed": {n}}}}}, "2": {{"class_type": "SaveImage", "inputs": {{"images": ["1", 0]}}}}}}"#
            );
            (format!("w{n}.json"), text.into_bytes())
        }
        8..=39 => {
            counts.passed += 1;
            let head = "import json\nimport os\n\nPATH = os.path.join('a', 'b')";
            (format!("m{n}.py"), python(random, head).into_bytes())
        }
        40..=59 => {
            counts.passed += 1;
            let text = format!("{}export const v{n} = {n};\n", random.comments("//", size));
            (format!("m{n}.ts"), text.into_bytes())
        }
        60..=69 => {
            counts.passed += 1;
            (format!("t{n}.md"), random.words(size).into_bytes())
        }
        70..=79 => {
            counts.passed += 1;
            let rows: Vec<String> =
                (0..size / 40).map(|i| format!("{{\"id\": {i}, \"name\": \"n{i}\"}}")).collect();
            (format!("d{n}.json"), format!("[{}]", rows.join(",\n")).into_bytes())
        }
        80..=89 => {
            counts.passed += 1;
            let text = format!("# {n}\nsettings:\n  depth: {n}\n{}", random.comments("#", size));
            (format!("c{n}.yaml"), text.into_bytes())
        }
        _ => {
            counts.passed += 1;
            let noise = (0..size * 4).map(|_| random.below(256) as u8);
            (format!("b{n}.bin"), [0x7F, 0].into_iter().chain(noise).collect())
        }
    }
}
