# The static file as `make release TARGET=… TLS=trimmed` made it, with its systemd unit. See packaging/README.md.
SUMMARY = "Local proxy for AWS IoT Secure Tunneling"
DESCRIPTION = "Carries ssh or a web UI of a device through a tunnel of AWS IoT Secure Tunneling."
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

# files/aarch64, files/arm, files/riscv64 or files/x86-64 has localproxy, by the machine's override.
SRC_URI = "file://localproxy file://localproxy@.service file://localproxy@.socket"
S = "${UNPACKDIR}"

COMPATIBLE_HOST = "(aarch64|riscv64|x86_64).*-linux"
# 32-bit ARM from ARMv7-A on, with hard float.
COMPATIBLE_HOST:arm = "${@bb.utils.contains('TUNE_FEATURES', 'callconvention-hard', 'arm.*-linux', 'null', d)}"

inherit systemd

SYSTEMD_SERVICE:${PN} = "localproxy@.service localproxy@.socket"
# There is no instance before there is a tunnel.
SYSTEMD_AUTO_ENABLE = "disable"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -D -m 0755 ${S}/localproxy ${D}${bindir}/localproxy
    install -d -m 0750 ${D}${sysconfdir}/localproxy
    if ${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'true', 'false', d)}; then
        install -D -m 0644 -t ${D}${systemd_system_unitdir} ${S}/localproxy@.service ${S}/localproxy@.socket
    fi
}

# It has neither symbols nor shared libraries.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"
INSANE_SKIP:${PN} += "already-stripped"

RDEPENDS:${PN} = "ca-certificates"
