################################################################################
#
# localproxy
#
################################################################################

LOCALPROXY_VERSION = 0.1.0
LOCALPROXY_SITE_METHOD = local
LOCALPROXY_SITE = $(call qstrip,$(BR2_PACKAGE_LOCALPROXY_FOLDER))
LOCALPROXY_LICENSE = Apache-2.0
# Of a folder of builds the one file alone, and not what lies beside it.
LOCALPROXY_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --include=/localproxy --exclude='*'

# packaging/systemd of localproxy's own tree, which this is a part of.
LOCALPROXY_UNITS = $(BR2_EXTERNAL_LOCALPROXY_PATH)/../systemd

define LOCALPROXY_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/localproxy $(TARGET_DIR)/usr/bin/localproxy
	$(INSTALL) -d -m 0750 $(TARGET_DIR)/etc/localproxy
endef

define LOCALPROXY_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(LOCALPROXY_PKGDIR)/S90localproxy $(TARGET_DIR)/etc/init.d/S90localproxy
endef

define LOCALPROXY_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(LOCALPROXY_UNITS)/localproxy@.service \
		$(TARGET_DIR)/usr/lib/systemd/system/localproxy@.service
	$(INSTALL) -D -m 0644 $(LOCALPROXY_UNITS)/localproxy@.socket \
		$(TARGET_DIR)/usr/lib/systemd/system/localproxy@.socket
endef

define LOCALPROXY_USERS
	localproxy -1 localproxy -1 * - - - Local proxy for AWS IoT Secure Tunneling
endef

define LOCALPROXY_PERMISSIONS
	/etc/localproxy d 0750 root localproxy - - - - -
endef

$(eval $(generic-package))
