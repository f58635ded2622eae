"""Runs the suites of this folder. The last line of stdout is {"passed": n, "failed": n}, counted in tests."""

import json
import pathlib
import unittest

suite = unittest.defaultTestLoader.discover(str(pathlib.Path(__file__).parent))
result = unittest.TextTestRunner(verbosity=2).run(suite)
# A test with several failing subtests is one that failed; a folder, file or class that cannot be set up is one, too.
broken = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
broken |= {test.id() for test in result.unexpectedSuccesses}
ran = result.testsRun - len(result.skipped) - len(result.expectedFailures)
outside = sum(1 for name in broken if name.startswith(("setUp", "tearDown")))
print(json.dumps({"passed": ran - (len(broken) - outside), "failed": len(broken)}))
