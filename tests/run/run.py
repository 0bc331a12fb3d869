"""What `./dev run` does once everything is built: starts a whole dpin here, shows where it is, stops it at the end."""

import argparse
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "integration")]

from process import Failure, say  # noqa: E402
from site_switch import Site  # noqa: E402
from smoke import smoke  # noqa: E402
from world import VALIDATORS, World, scratch  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(prog="./dev run", description="Starts PostgreSQL, bus, hub, API and four validators.")
    p.add_argument("--build", required=True, help=argparse.SUPPRESS)
    p.add_argument("--smoke", action="store_true", help="go through the main job without a terminal, then stop")
    p.add_argument("--port", type=int, default=8001, help="of the API and dashboard (default 8001; 0: any)")
    p.add_argument("--hub-port", type=int, default=8081, help="of the hub (default 8081; 0: any)")
    p.add_argument("--fresh", action="store_true", help="forget what an earlier run stored")
    p.add_argument("url", nargs="*", help="websites to check (default: a small test site of its own)")
    return p.parse_args()


def new_world(args):
    source = os.path.dirname(os.path.dirname(HERE))
    if args.smoke:
        return World(args.build)
    data = os.path.join(scratch("/var/lib/dpin-dev", source), "run")
    run = os.path.join(scratch("/run/dpin-dev", source), "w")
    if args.fresh:
        import shutil
        shutil.rmtree(data, ignore_errors=True)
    return World(args.build, data=data, run=run, api_port=args.port, hub_port=args.hub_port, keep=True)


def start(world):
    for what, step in (("PostgreSQL", world.start_database), ("schema", world.migrate), ("bus", world.start_bus),
                       ("hub", world.start_hub), ("API", world.start_api)):
        begun = time.monotonic()
        step()
        say(f"     {what}: {time.monotonic() - begun:.1f} s")
    for name, tags in VALIDATORS:
        world.start_validator(name, tags)
    say(f"     validators: {', '.join(world.validators)}")


def token_of(world):
    """The same token at every start, kept beside the data."""
    path = os.path.join(world.data, "token")
    if not os.path.exists(path):
        token = world.token()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write(token)
    with open(path) as f:
        return f.read()


def add(world, token, url):
    status, _, body = world.request("POST", "/api/v1/website", token, {"url": url, "intervalMs": 10000})
    if status not in (201, 409):
        raise Failure(f"{url}: {(body or {}).get('detail', status)}")


def show(world, site, token, urls):
    for url in urls or [site.url]:
        add(world, token, url)
    say(f"""
Dashboard   {world.api_url}/#token={token}
Token       {token}
Validators  connect to {world.hub_url}
dpinctl     {world.program('dpinctl')} --bus={world.bus_address} status
Logs, data  {world.run}, {world.data}""")
    if not urls:
        say(f"Test site   {site.url}  switch it: curl '{site.control}/set?mode=down' (up, slow, hang, down)")
    say("Stop with Ctrl-C; the next start finds its data again.")


def watch(world):
    """Until Ctrl-C; a daemon that ends by itself is named and started again, as systemd would."""
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)
    while True:
        for process in (world.hub, world.api, *world.validators.values()):
            if not process.running():
                say(f"     {process.name} ended with {process.popen.returncode}: starting it again")
                process.start()
        time.sleep(0.2)


def run_site(world):
    """The test site keeps its port between starts, so that the website stays the same."""
    path = os.path.join(world.data, "site-port")
    try:
        with open(path) as f:
            return Site(int(f.read()))
    except (OSError, ValueError):
        site = Site()
        with open(path, "w") as f:
            f.write(str(site.port))
        return site


def main():
    args = arguments()
    try:
        with new_world(args) as world:
            site = run_site(world)
            start(world)
            token = token_of(world)
            if args.smoke:
                from verify_store import verify
                say(f"ok   {smoke(world, site, token, verify)} steps")
                return 0
            show(world, site, token, args.url)
            watch(world)
    except KeyboardInterrupt:
        say("\nstopped")
        return 0
    except Failure as e:
        say(f"FAIL {e}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
