# SPDX-License-Identifier: Apache-2.0
# input: "secret\n"
import getpass
import warnings

warnings.simplefilter("ignore", getpass.GetPassWarning)
print(len(getpass.getpass("Password: ")))
getpass.getpass()
