// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Modules are what the lab needs of a kernel beside its core.
var Modules = []string{
	"8021q", "vrf", "mpls_router", "mpls_iptunnel", "mpls_gso", "act_police", "act_gact", "cls_matchall",
	"cls_flower", "sch_ingress", "sch_tbf", "sch_htb", "sch_netem", "sch_fq_codel", "veth", "tun", "nf_tables",
}

// prepareRoot makes the copy-on-write root and moves into it.
func prepareRoot(s *spec) error {
	if s.UML {
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			return fmt.Errorf("mount /proc: %w", err)
		}
		if err := loadModules(s.Modules, append([]string{"overlay"}, Modules...)); err != nil {
			return err
		}
	} else if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	root, err := mountOverlay(s)
	if err != nil {
		return err
	}
	if err := mountSystem(root); err != nil {
		return err
	}
	for _, dir := range s.Visible {
		if err := mountHost(s.UML, root, dir, true); err != nil {
			return err
		}
	}
	if s.Results != "" {
		if err := mountHost(s.UML, root, s.Results, false); err != nil {
			return err
		}
	}
	if err := writeFiles(root); err != nil {
		return err
	}
	if err := pivot(root); err != nil {
		return err
	}
	return identity()
}

func mountOverlay(s *spec) (string, error) {
	if err := unix.Mount("tmpfs", s.Work, "tmpfs", 0, ""); err != nil {
		return "", fmt.Errorf("mount tmpfs for the root: %w", err)
	}
	root := s.Work + "/root"
	for _, d := range []string{"/up", "/work", "/root"} {
		if err := os.Mkdir(s.Work+d, 0o755); err != nil {
			return "", fmt.Errorf("make overlay folder: %w", err)
		}
	}
	// A second lower layer would be simpler, but it may not lie within the
	// first one, and that is the whole machine.
	if s.Packages != "" {
		if err := os.CopyFS(s.Work+"/up", os.DirFS(filepath.Join(s.Packages, "root"))); err != nil {
			return "", fmt.Errorf("copy packages into the root: %w", err)
		}
	}
	opts := fmt.Sprintf("lowerdir=/,upperdir=%s/up,workdir=%s/work", s.Work, s.Work)
	if err := unix.Mount("overlay", root, "overlay", 0, opts); err != nil {
		return "", fmt.Errorf("mount overlay root (%s): %w", opts, err)
	}
	return root, nil
}

// mountSystem gives the root its own proc, sys, dev, run and tmp. /dev is a
// tmpfs with the few nodes that are used: devtmpfs would be the host's own.
func mountSystem(root string) error {
	mounts := []struct{ kind, at, opts string }{
		{"proc", "/proc", ""}, {"sysfs", "/sys", ""}, {"tmpfs", "/dev", "mode=755"},
		{"devpts", "/dev/pts", "newinstance,ptmxmode=0666"}, {"tmpfs", "/dev/shm", ""},
		{"tmpfs", "/run", "mode=755"}, {"tmpfs", "/tmp", "mode=1777"},
	}
	for _, m := range mounts {
		if err := os.MkdirAll(root+m.at, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", m.at, err)
		}
		if err := unix.Mount(m.kind, root+m.at, m.kind, 0, m.opts); err != nil {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	nodes := []struct {
		name         string
		major, minor uint32
	}{
		{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}, {"net/tun", 10, 200},
	}
	if err := os.Mkdir(root+"/dev/net", 0o755); err != nil {
		return fmt.Errorf("make /dev/net: %w", err)
	}
	for _, n := range nodes {
		path := root + "/dev/" + n.name
		if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(n.major, n.minor))); err != nil { //nolint:gosec // the numbers of the table above are small
			return fmt.Errorf("make /dev/%s: %w", n.name, err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return fmt.Errorf("open /dev/%s to all: %w", n.name, err)
		}
	}
	for link, to := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(to, root+"/dev/"+link); err != nil {
			return fmt.Errorf("link /dev/%s: %w", link, err)
		}
	}
	return nil
}

// mountHost shows a folder of the host at the same path in the root. An
// overlay does not look through mount points of its lower layer, and /tmp and
// /run are covered, so even what is read-only has to be mounted.
func mountHost(uml bool, root, dir string, readOnly bool) error {
	at := filepath.Join(root, dir)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	var flags uintptr
	if readOnly {
		flags = unix.MS_RDONLY
	}
	if uml {
		if err := unix.Mount("none", at, "hostfs", flags, dir); err != nil {
			return fmt.Errorf("mount %s from the host: %w", dir, err)
		}
		return nil
	}
	if err := unix.Mount(dir, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("bind %s: %w", dir, err)
	}
	if readOnly {
		if err := unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("make %s read-only: %w", dir, err)
		}
	}
	return nil
}

// writeFiles adds what the packages' own installation scripts would have:
// FRR drops its privileges to a user frr.
func writeFiles(root string) error {
	lines := []struct{ file, name, line string }{
		{"/etc/passwd", "frr", "frr:x:2092:2092:FRR:/nonexistent:/usr/sbin/nologin\n"},
		{"/etc/group", "frr", "frr:x:2092:\n"},
		{"/etc/group", "frrvty", "frrvty:x:2093:frr\n"},
	}
	for _, l := range lines {
		data, err := os.ReadFile(root + l.file)
		if err != nil {
			return fmt.Errorf("read %s: %w", l.file, err)
		}
		if strings.Contains("\n"+string(data), "\n"+l.name+":") {
			continue
		}
		if len(data) > 0 && data[len(data)-1] != '\n' {
			data = append(data, '\n')
		}
		if err := os.WriteFile(root+l.file, append(data, l.line...), 0o644); err != nil {
			return fmt.Errorf("add %s to %s: %w", l.name, l.file, err)
		}
	}
	for _, d := range []string{"/run/netns", "/run/frr", "/run/wireguard", "/run/lock", "/etc/frr"} {
		if err := os.MkdirAll(root+d, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", d, err)
		}
	}
	return nil
}

func pivot(root string) error {
	if err := os.MkdirAll(root+"/oldroot", 0o755); err != nil {
		return fmt.Errorf("make folder for the old root: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return fmt.Errorf("enter root: %w", err)
	}
	if err := unix.PivotRoot(".", "oldroot"); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter new root: %w", err)
	}
	if err := unix.Unmount("/oldroot", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave old root: %w", err)
	}
	return nil
}

func identity() error {
	if err := unix.Sethostname([]byte("s2clab")); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}
